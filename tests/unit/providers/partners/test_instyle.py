import pytest

from providers.errors import Forbidden, InvalidResponse, NoToken
from providers.http.auth import HeaderAuth
from providers.partners.instyle import Image, InstyleClient, service_auth
from providers.tokens.cognito import secret_hash
from tests.support.servers import http, json_reply

IMAGE = {"id": 1, "file": {"url": "https://cdn.example/1.png"}, "tags": ["shoe"]}


@pytest.fixture
def client(serve, make_transport):
    def make(reply, **more):
        server = serve(lambda _: reply)
        return InstyleClient(
            make_transport(), f"{server.origin}/v1", service_auth("key"), **more
        ), server.received

    return make


@pytest.mark.parametrize("body", [[IMAGE], {"images": [IMAGE]}, {"count": 1, "results": [IMAGE]}])
def test_images_are_listed(client, body):
    instyle, received = client(json_reply(body))
    assert instyle.images() == [Image("1", "https://cdn.example/1.png")]
    assert received[0].path == "/v1/images"


@pytest.mark.parametrize(
    ("entry", "image"),
    [
        ({"id": "a-1", "url": "http://127.0.0.1/1.png"}, Image("a-1", "http://127.0.0.1/1.png")),
        ({"id": 1}, Image("1", None)),
        ({"id": 1, "file": None}, Image("1", None)),
        ({"id": 1, "file": {"url": "javascript:alert(1)"}}, Image("1", None)),
        ({"id": 1, "file": {"url": "data:image/png;base64,AA=="}}, Image("1", None)),
        ({"id": 1, "file": {"url": "https://cdn.example/" + "x" * 2_000}}, Image("1", None)),
        ({"id": 1, "file": {"url": 7}}, Image("1", None)),
    ],
)
def test_an_image_has_a_url_to_follow_or_none(entry, image):
    assert Image.from_json(entry) == image


@pytest.mark.parametrize("body", [{}, {"images": {}}, "images", None, 1])
def test_what_is_no_list_of_images_is_invalid(client, body):
    with pytest.raises(InvalidResponse):
        client(json_reply(body))[0].images()


@pytest.mark.parametrize("entry", [1, None, [], {"file": {}}, {"id": True}, {"id": None}, {"id": {"a": 1}}])
def test_one_odd_image_is_one_row(client, entry):
    good, odd = client(json_reply([IMAGE, entry]))[0].images()
    assert (good.id, odd) == ("1", Image("", None))


def test_a_page_in_place_of_images_is_invalid(client):
    with pytest.raises(InvalidResponse):
        client(http(200, b"<html>", content_type="text/html"))[0].images()


@pytest.mark.parametrize("reply", [json_reply([IMAGE]), json_reply({}, 201), http(204, content_type=None)])
def test_adding_does_not_depend_on_what_is_answered(client, reply):
    instyle, received = client(reply, admin=HeaderAuth({"Authorization": "token"}))
    instyle.add_images([("a", "https://cdn.example/a.png"), (2, "https://cdn.example/2.png")])
    assert received[0].body == (
        b'[{"id":"a","file":{"url":"https://cdn.example/a.png"}},'
        b'{"id":2,"file":{"url":"https://cdn.example/2.png"}}]'
    )


def test_adding_without_the_admin_says_what_to_set(client):
    instyle, received = client(json_reply([]), admin_missing=("INSTYLE_PASSWORD",))
    with pytest.raises(NoToken) as caught:
        instyle.add_images([(1, "https://cdn.example/1.png")])
    assert (caught.value.remedy, caught.value.settings) == ("settings", ("INSTYLE_PASSWORD",))
    assert received == []


def test_a_key_that_is_not_known_is_forbidden(client):
    with pytest.raises(Forbidden):
        client(json_reply({"message": "Forbidden"}, 403))[0].images()


def test_the_secret_hash_covers_user_and_client():
    # printf annaCLIENT | openssl dgst -sha256 -hmac KEY -binary | base64
    assert secret_hash("KEY", "anna", "CLIENT") == "Q35JDz7HPRs7ObRSLnN7htxtqPWDbqKtzlPJy15MpTc="
