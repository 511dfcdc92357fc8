import pytest

from providers.http.origins import checked_origin, origin_of
from settings.loopback import is_loopback


@pytest.mark.parametrize(
    ("origin", "plain"),
    [
        ("https://auth.vin.li", "https://auth.vin.li"),
        ("https://Auth.Vin.Li/", "https://auth.vin.li"),
        ("https://auth.example:8443", "https://auth.example:8443"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("http://[::1]:9000", "http://[::1]:9000"),
        ("http://platform.localhost:9000", "http://platform.localhost:9000"),
    ],
)
def test_origins_that_may_be_called(origin, plain):
    assert checked_origin(origin) == plain


@pytest.mark.parametrize(
    "origin",
    [
        "http://auth.vin.li",
        "http://127.0.0.1.example.org",
        "ftp://auth.vin.li",
        "auth.vin.li",
        "https://",
        "https://user@auth.vin.li",
        "https://user:secret@auth.vin.li",
        "https://auth.vin.li/path",
        "https://auth.vin.li?x=1",
        "https://auth.vin.li#x",
        "https://auth.vin.li:port",
        "https://auth.vin.li:0",
        "https://auth.vin.li:99999",
        "",
    ],
)
def test_origins_that_may_not(origin):
    with pytest.raises(ValueError, match=r"origin|loopback|[Pp]ort") as caught:
        checked_origin(origin)
    assert "secret" not in str(caught.value)


def test_the_origin_of_a_url_leaves_path_and_query_out():
    assert origin_of("https://Auth.vin.li:8443/oauth/token?a=b") == "https://auth.vin.li:8443"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("10.0.0.1", False),
        ("x", False),
    ],
)
def test_loopback_hosts(host, expected):
    assert is_loopback(host) is expected
