import base64

import pytest
from requests import PreparedRequest

from providers.http.auth import BasicAuth, BearerAuth


def header_of(auth):
    request = PreparedRequest()
    request.prepare("GET", "https://platform.vin.li/", auth=auth)
    return request.headers["Authorization"]


def test_basic_equals_the_documented_example():
    auth = BasicAuth("c87d5be0-2e69-11e4-8c21-0800200c9a66", "HKLFFoSILb8VHFJD")
    assert header_of(auth) == (
        "Basic Yzg3ZDViZTAtMmU2OS0xMWU0LThjMjEtMDgwMDIwMGM5YTY2OkhLTEZGb1NJTGI4VkhGSkQ="
    )


@pytest.mark.parametrize("password", ["a:b", "päß", "秘密", "s" * 500, "", "a%b+c"])
def test_basic_carries_any_password_on_one_line(password):
    scheme, _, encoded = header_of(BasicAuth("user", password)).partition(" ")
    assert scheme == "Basic"
    assert base64.b64decode(encoded, validate=True).decode() == f"user:{password}"


@pytest.mark.parametrize(
    ("user", "password"), [("a:b", "c"), ("a\r\nX: y", "c"), ("a", "c\n"), ("a", "\x00")]
)
def test_basic_refuses_what_it_cannot_carry(user, password):
    with pytest.raises(ValueError, match="RFC 7617"):
        BasicAuth(user, password)


def test_bearer_sends_the_token():
    assert header_of(BearerAuth("abc.DEF-123")) == "Bearer abc.DEF-123"


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX: y", "tökén"])
def test_bearer_refuses_what_is_no_token(token):
    with pytest.raises(ValueError, match="RFC 6750"):
        BearerAuth(token)


def test_credentials_do_not_show_themselves():
    assert "hush" not in repr(BasicAuth("user", "hush")) + repr(BearerAuth("hush"))
