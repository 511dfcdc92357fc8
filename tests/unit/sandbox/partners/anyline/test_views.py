import base64
import json
import re
from datetime import date

import pytest

from sandbox.partners.anyline.images import is_picture
from sandbox.partners.anyline.tires import read_sidewall
from tests.support.partner_calls import PNG, PartnerCalls, bearer

JPEG = b"\xff\xd8\xff\xe0\x00\x04JF" + bytes.fromhex("ffc0000b080001000101011100") + b"rest"
WEBP = b"RIFF\x10\x00\x00\x00WEBPVP8L\x04\x00\x00\x00\x2f\x00\x00\x00"


@pytest.fixture
def calls():
    return PartnerCalls()


def claims_of(token):
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def call(calls, body, token=None, **options):
    token = token or calls.anyline_token().json["access_token"]
    return calls.send("POST", "/v2/tiresidewall", data=body, headers=bearer(token), **options)


def test_the_document_s_request_gets_a_token(calls):
    response = calls.anyline_token()
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    answer = response.json
    claims = claims_of(answer.pop("access_token"))
    assert answer == {"scope": "cloudapi:tiresidewall", "expires_in": 86400, "token_type": "Bearer"}
    assert claims["aud"] == "https://prod.cloud-api.anyline.com"
    assert claims["scope"] == "cloudapi:tiresidewall"
    assert claims["exp"] - claims["iat"] == 86400


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "access_denied"),
        ({"client_secret": "\ud800"}, 401, "access_denied"),
        ({"client_id": "wrong"}, 401, "access_denied"),
        ({"audience": "https://example.com"}, 403, "access_denied"),
        ({"audience": "https://prod.cloud-api.anyline.com/"}, 403, "access_denied"),
        ({"scope": "cloudapi:all"}, 403, "access_denied"),
        ({"scope": ""}, 403, "access_denied"),
        ({"client_secret": None}, 400, "invalid_request"),
        ({"audience": None}, 400, "invalid_request"),
        ({"scope": None}, 400, "invalid_request"),
        ({"scope": ["cloudapi:tiresidewall"]}, 400, "invalid_request"),
        ({"client_secret": {"x": 1}}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "invalid_request"),
    ],
)
def test_what_the_document_does_not_describe_is_refused(calls, changes, status, error):
    response = calls.anyline_token(**changes)
    assert (response.status_code, response.json["error"]) == (status, error)


def test_a_wrong_client_learns_nothing_of_audience_and_scope(calls):
    response = calls.anyline_token(client_secret="wrong", audience="x", scope="y")
    assert response.json == {"error": "access_denied", "error_description": "Unauthorized"}


def test_a_form_is_refused(calls):
    response = calls.send("POST", "/oauth/token", data=calls.anyline_fields())
    assert (response.status_code, response.json["error"]) == (400, "invalid_request")


def test_the_secret_by_basic_is_refused(calls):
    auth = (calls["ANYLINE_CLIENT_ID"], calls["ANYLINE_CLIENT_SECRET"])
    for fields in (calls.anyline_fields(client_secret=None), calls.anyline_fields()):
        assert calls.send("POST", "/oauth/token", json=fields, auth=auth).status_code == 400


def test_the_path_stays_vinli_s_for_everything_else(calls):
    own = calls.box.vinli.registry.server_client
    fields = {"grant_type": "authorization_code", "code": "x", "redirect_uri": own.redirect_uri}
    for body in (
        {"data": fields},
        {"json": fields},
        {"data": {"grant_type": "client_credentials"}},
        {"json": {}},
    ):
        response = calls.send("POST", "/oauth/token", auth=(own.id, own.secret), **body)
        assert response.status_code == 400
        assert response.json["error"] in ("invalid_grant", "unsupported_grant_type", "invalid_request")


def test_a_host_name_decides_whose_path_it_is(calls):
    fields = calls.anyline_fields()
    at = {host: f"http://{host}.localhost:9000" for host in ("anyline", "auth", "platform", "ayyeka")}
    assert calls.send("POST", "/oauth/token", json=fields, base_url=at["anyline"]).status_code == 200
    assert calls.send("POST", "/oauth/token", data={"code": "x"}, base_url=at["anyline"]).status_code == 400
    assert "access_token" not in calls.send("POST", "/oauth/token", json=fields, base_url=at["auth"]).text
    for host in ("platform", "ayyeka"):
        assert calls.send("POST", "/oauth/token", json=fields, base_url=at[host]).status_code == 404
    for host, status in (("anyline", 401), ("auth", 404), ("aspose", 404)):
        base_url = f"http://{host}.localhost:9000"
        assert calls.send("POST", "/v2/tiresidewall", base_url=base_url).status_code == status


@pytest.mark.parametrize("image", [PNG, JPEG, WEBP])
def test_a_picture_is_read(calls, image):
    body = json.dumps({"image": base64.b64encode(image).decode()})
    response = call(calls, body)
    assert response.status_code == 200
    assert response.json == read_sidewall(image)
    # curl sends this content type where none is named, as in the document's call.
    kind = "application/x-www-form-urlencoded"
    assert call(calls, body, content_type=kind).json == response.json


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"[]",
        b"{}",
        b'{"image": null}',
        b'{"image": 5}',
        b'{"image": ""}',
        b'{"image": "\\ud800"}',
        b'{"image": "not base64!"}',
        b'{"image": "AAAA"}',
        b'{image: "AAAA"}',
        b"[" * 100_000,
        b'{"image": "data:image/png;base64,' + base64.b64encode(PNG) + b'"}',
        b'{"image": "' + base64.b64encode(b"GIF89a" + bytes(40)) + b'"}',
        b'{"image": "' + base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg'/>") + b'"}',
    ],
)
def test_what_is_no_picture_is_refused(calls, body):
    response = call(calls, body)
    assert (response.status_code, response.json["error"]) == (400, "invalid_image")


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"aud": "https://example.com"}, 401),
        ({"aud": ["https://prod.cloud-api.anyline.com"]}, 401),
        ({"scope": "cloudapi:tin"}, 403),
        ({"scope": "cloudapi:tiresidewalls"}, 403),
        ({"scope": "a cloudapi:tiresidewall"}, 200),
    ],
)
def test_audience_and_scope_of_a_token_are_looked_at(calls, claims, status):
    usual = {"aud": "https://prod.cloud-api.anyline.com", "scope": "cloudapi:tiresidewall"}
    token = calls.partners.jwts.issue("anyline", 60, usual | claims)
    response = call(calls, json.dumps({"image": base64.b64encode(PNG).decode()}), token)
    assert response.status_code == status
    if status != 200:
        assert response.headers["WWW-Authenticate"].startswith("Bearer error=")


@pytest.mark.parametrize("content", [PNG, JPEG, WEBP])
def test_pictures_are_known_by_more_than_their_first_bytes(content):
    assert is_picture(content)
    assert not is_picture(content[:12])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff" + b"\xff" * 1000,
        b"\xff\xd8\xff\xe0\x00\x00" + b"\xff\xc0" * 30,
        JPEG.replace(b"\x00\x01\x00\x01", b"\x00\x00\x00\x01"),
        PNG.replace(b"\x00\x00\x00\x01\x00\x00\x00\x01", bytes(8)),
        b"RIFF\x10\x00\x00\x00WAVEfmt ",
    ],
)
def test_what_only_begins_like_a_picture_is_none(content):
    assert not is_picture(content)


def test_readings_are_believable():
    sizes = set()
    for number in range(300):
        reading = read_sidewall(number.to_bytes(2))
        size = {name: field["text"] for name, field in reading["tireSizeResult"].items()}
        assert re.fullmatch(r"\d{3}/\d{2}R\d{2} \d{2,3}[TVHWY]", size["text"])
        assert size["text"] == "{width}/{ratio}R{diameter} {loadIndex}{speedRating}".format(**size)
        assert all(80 <= field["confidence"] < 100 for field in reading["tireSizeResult"].values())
        tin = reading["tinResult"]
        assert tin["text"] == tin["resultPrettified"].replace(" ", "")
        week, year = int(tin["text"][-4:-2]), 2000 + int(tin["text"][-2:])
        assert tin["productionDate"] == date.fromisocalendar(year, week, 4).strftime("%Y/%m")
        assert 2015 < year < 2025
        sizes.add(size["text"])
    assert len(sizes) == 8
    assert read_sidewall(b"x") == read_sidewall(b"x") != read_sidewall(b"y")
