import base64
import hashlib
import hmac
import json

import pytest

from sandbox.partners.anyline.images import is_picture
from tests.support.partner_calls import TARGET, PartnerCalls

LIST = [
    {"id": 1, "file": {"url": "https://cdn.example/a.png"}},
    {"id": 900, "file": {"url": "http://b.example/"}},
]


@pytest.fixture
def calls():
    return PartnerCalls()


def claims_of(token):
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def service(calls):
    return {"x-api-key": calls["INSTYLE_API_KEY"], "Authorization": "None"}


def admin(calls, authorization=None):
    token = authorization or calls.tokens()["IdToken"]
    return {"x-api-key": calls["INSTYLE_API_KEY"], "Authorization": token}


def superuser(calls, authorization=None, customer="vinli-connect"):
    token = authorization or calls.tokens("INSTYLE_SUPERUSER_")["IdToken"]
    headers = {"x-api-key": calls["INSTYLE_SUPERUSER_API_KEY"], "Authorization": token}
    return headers | ({"x-selected-customer": customer} if customer else {})


# --- Cognito


def test_the_document_s_request_signs_in(calls):
    status, body = calls.sign_in()
    result = body["AuthenticationResult"]
    assert status == 200
    assert set(result) == {"AccessToken", "ExpiresIn", "IdToken", "RefreshToken", "TokenType"}
    assert (result["ExpiresIn"], result["TokenType"]) == (3600, "Bearer")
    identity, access = claims_of(result["IdToken"]), claims_of(result["AccessToken"])
    assert (identity["token_use"], identity["aud"]) == ("id", calls["INSTYLE_CLIENT_ID"])
    assert (access["token_use"], access["client_id"]) == ("access", calls["INSTYLE_CLIENT_ID"])
    assert identity["cognito:username"] == access["username"] == "admin@example.com"
    assert identity["exp"] - identity["iat"] == access["exp"] - access["iat"] == 3600


def test_the_path_needs_no_slash_at_its_end(calls):
    headers = {"X-Amz-Target": TARGET, "Content-Type": "application/x-amz-json-1.1"}
    assert calls.send("POST", "/cognito", data="{}", headers=headers).status_code == 400


def test_the_secret_hash_is_the_one_of_the_developer_guide(calls):
    message = (calls["INSTYLE_USERNAME"] + calls["INSTYLE_CLIENT_ID"]).encode()
    expected = hmac.new(calls["INSTYLE_CLIENT_SECRET"].encode(), message, hashlib.sha256).digest()
    assert calls["INSTYLE_SECRET_HASH"] == base64.b64encode(expected).decode()
    assert len(calls["INSTYLE_API_KEY"]) == len(calls["INSTYLE_SUPERUSER_API_KEY"]) == 40


@pytest.mark.parametrize("password", ["wrong", "\ud800", "x" * 100_000])
def test_a_wrong_password_is_refused_in_the_words_of_cognito(calls, password):
    assert calls.sign_in(PASSWORD=password) == (
        400,
        {"__type": "NotAuthorizedException", "message": "Incorrect username or password."},
    )


def test_nobody_learns_which_users_there_are(calls):
    credentials = calls.partners.credentials
    unknown = {"USERNAME": "nobody@example.com", "SECRET_HASH": credentials.secret_hash("nobody@example.com")}
    assert calls.sign_in(**unknown) == calls.sign_in(PASSWORD="wrong")


@pytest.mark.parametrize("secret_hash", ["wrong", "", None])
def test_a_wrong_secret_hash_is_refused(calls, secret_hash):
    status, body = calls.sign_in(SECRET_HASH=secret_hash)
    assert (status, body["__type"]) == (400, "NotAuthorizedException")
    assert "secret hash" in body["message"]


def test_the_secret_hash_of_another_user_is_refused(calls):
    assert "secret hash" in calls.sign_in(SECRET_HASH=calls["INSTYLE_SUPERUSER_SECRET_HASH"])[1]["message"]


def test_the_client_secret_itself_is_no_hash(calls):
    assert calls.sign_in(SECRET_HASH=calls["INSTYLE_CLIENT_SECRET"])[0] == 400


def test_a_user_who_must_change_the_password_gets_a_challenge_and_no_token(calls):
    username = "invited@example.com"
    changes = {"USERNAME": username, "SECRET_HASH": calls.partners.credentials.secret_hash(username)}
    status, body = calls.sign_in(**changes)
    assert (status, body["ChallengeName"]) == (200, "NEW_PASSWORD_REQUIRED")
    assert "AuthenticationResult" not in body
    assert body["Session"]
    assert body["ChallengeParameters"]["USER_ID_FOR_SRP"] == username
    assert calls.sign_in(**changes, PASSWORD="wrong")[1]["__type"] == "NotAuthorizedException"


def test_a_refresh_token_gives_new_tokens_and_no_new_one_of_its_kind(calls):
    refresh_token = calls.tokens()["RefreshToken"]
    calls.box.vinli.clock.advance(3600)
    hash_ = {"SECRET_HASH": calls["INSTYLE_SECRET_HASH"]}
    status, body = calls.cognito("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=refresh_token, **hash_)
    assert status == 200
    assert "RefreshToken" not in body["AuthenticationResult"]
    access = body["AuthenticationResult"]["AccessToken"]
    assert "openid" in claims_of(access)["scope"]
    assert calls.images(headers=admin(calls, f"Bearer {access}")).status_code == 200
    calls.box.vinli.clock.advance(30 * 86400)
    assert calls.cognito("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=refresh_token, **hash_)[0] == 400


def test_refreshing_needs_a_good_token_and_the_hash_of_its_user(calls):
    refresh_token = calls.tokens()["RefreshToken"]
    other = calls["INSTYLE_SUPERUSER_SECRET_HASH"]
    for parameters in (
        {"REFRESH_TOKEN": "x", "SECRET_HASH": calls["INSTYLE_SECRET_HASH"]},
        {"REFRESH_TOKEN": refresh_token},
        {"REFRESH_TOKEN": refresh_token, "SECRET_HASH": other},
        {"REFRESH_TOKEN": calls.tokens()["IdToken"], "SECRET_HASH": calls["INSTYLE_SECRET_HASH"]},
        {"SECRET_HASH": calls["INSTYLE_SECRET_HASH"]},
    ):
        assert calls.cognito("REFRESH_TOKEN_AUTH", **parameters)[0] == 400


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"headers": {"X-Amz-Target": ""}}, "UnknownOperationException"),
        ({"headers": {"X-Amz-Target": TARGET.lower()}}, "UnknownOperationException"),
        ({"headers": {"Content-Type": "application/json"}}, "SerializationException"),
        ({"headers": {"Content-Type": "application/x-www-form-urlencoded"}}, "SerializationException"),
        ({"client_id": "wrong"}, "ResourceNotFoundException"),
        ({"flow": "USER_SRP_AUTH"}, "InvalidParameterException"),
        ({"flow": None}, "InvalidParameterException"),
        ({"USERNAME": 5}, "InvalidParameterException"),
        ({"PASSWORD": None}, "InvalidParameterException"),
    ],
)
def test_what_cognito_does_not_take_is_refused(calls, change, kind):
    parameters = {
        "USERNAME": calls["INSTYLE_USERNAME"],
        "PASSWORD": calls["INSTYLE_PASSWORD"],
        "SECRET_HASH": calls["INSTYLE_SECRET_HASH"],
    }
    status, body = calls.cognito(**(parameters | change))
    assert (status, body["__type"]) == (400, kind)


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"[" * 100_000, b"{}", b"\xff"])
def test_a_body_that_is_none_is_refused(calls, body):
    headers = {"X-Amz-Target": TARGET, "Content-Type": "application/x-amz-json-1.1"}
    assert calls.send("POST", "/cognito/", data=body, headers=headers).status_code == 400


# --- the three roles


def test_each_role_reads(calls):
    tokens, own = calls.tokens(), calls.tokens("INSTYLE_SUPERUSER_")
    for headers in (
        service(calls),
        admin(calls, tokens["IdToken"]),
        admin(calls, f"Bearer {tokens['AccessToken']}"),
        superuser(calls, own["IdToken"]),
        superuser(calls, f"Bearer {own['AccessToken']}"),
    ):
        response = calls.images(headers=headers)
        assert response.status_code == 200, response.text
        assert [image["id"] for image in response.json] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", None])
def test_admin_and_superuser_add_images(calls, kind):
    for headers in (admin(calls), superuser(calls)):
        response = calls.images("POST", data=json.dumps(LIST), content_type=kind, headers=headers)
        assert (response.status_code, response.json) == (200, LIST)
    images = {image["id"]: image["file"]["url"] for image in calls.images(headers=service(calls)).json}
    assert images[1] == "https://cdn.example/a.png"
    assert images[900] == "http://b.example/"
    assert len(images) == 7


def test_service_is_read_only(calls):
    response = calls.images("POST", json=LIST, headers=service(calls))
    assert response.status_code == 403
    assert len(calls.images(headers=service(calls)).json) == 6


def test_a_superuser_acts_for_the_customer_it_selects(calls):
    assert calls.images(headers=superuser(calls, customer="another-customer")).json == []
    calls.images("POST", json=LIST, headers=superuser(calls, customer="another-customer"))
    assert len(calls.images(headers=service(calls)).json) == 6


def refusals(calls):
    """Yield headers, and the status that they get."""
    tokens, own, key = (
        calls.tokens(),
        calls.tokens("INSTYLE_SUPERUSER_"),
        {"x-api-key": calls["INSTYLE_API_KEY"]},
    )
    own_key = {"x-api-key": calls["INSTYLE_SUPERUSER_API_KEY"], "x-selected-customer": "vinli-connect"}
    yield {}, 403
    yield {"Authorization": "None"}, 403
    yield {"Authorization": tokens["IdToken"]}, 403
    yield {"x-api-key": "wrong", "Authorization": "None"}, 403
    yield {"x-api-key": calls["INSTYLE_API_KEY"][:-1], "Authorization": "None"}, 403
    yield {"x-api-key": "ü", "Authorization": "None"}, 403
    yield key, 401
    yield key | {"Authorization": ""}, 401
    yield key | {"Authorization": "none"}, 401
    yield key | {"Authorization": "Bearer None"}, 401
    yield key | {"Authorization": f"Bearer {tokens['IdToken']}"}, 401
    yield key | {"Authorization": tokens["AccessToken"]}, 401
    yield key | {"Authorization": f"JWT {tokens['AccessToken']}"}, 401
    yield key | {"Authorization": tokens["RefreshToken"]}, 401
    yield key | {"Authorization": f"Bearer {calls.anyline_token().json['access_token']}"}, 401
    yield key | {"Authorization": own["IdToken"]}, 403
    yield key | {"Authorization": f"Bearer {own['AccessToken']}"}, 403
    yield own_key | {"Authorization": tokens["IdToken"]}, 403
    yield own_key | {"Authorization": "None"}, 401
    yield superuser(calls, own["IdToken"], customer=None), 400
    yield superuser(calls, own["IdToken"], customer="nobody"), 404
    yield key | {"Authorization": "None", "x-selected-customer": "another-customer"}, 403
    yield key | {"Authorization": tokens["IdToken"], "x-selected-customer": "another-customer"}, 403


def test_what_is_no_role_is_refused(calls):
    for headers, status in refusals(calls):
        for method in ("GET", "POST"):
            response = calls.images(method, json=LIST, headers=headers)
            assert response.status_code == status, headers
            assert set(response.json) == {"message"}
    assert len(calls.images(headers=service(calls)).json) == 6


def test_an_access_token_needs_the_scope_openid(calls):
    access = calls.tokens(SCOPES=None)["AccessToken"]
    assert calls.images(headers=admin(calls, f"Bearer {access}")).status_code == 401


def test_tokens_are_good_for_an_hour(calls):
    headers = admin(calls)
    calls.box.vinli.clock.advance(3599)
    assert calls.images(headers=headers).status_code == 200
    calls.box.vinli.clock.advance(1)
    response = calls.images(headers=headers)
    assert (response.status_code, response.json) == (401, {"message": "The incoming token has expired"})


def test_a_rotated_key_and_a_rotated_password_count_at_once(calls):
    for variable in ("INSTYLE_API_KEY", "INSTYLE_SUPERUSER_PASSWORD"):
        body = {"partner": "instyle", "variable": variable, "secret": "new"}
        assert calls.send("POST", "/_sandbox/partners/secret", json=body).status_code == 204
    assert calls.images(headers=service(calls)).status_code == 403
    assert calls.sign_in("INSTYLE_SUPERUSER_")[0] == 400
    assert calls.sign_in("INSTYLE_SUPERUSER_", PASSWORD="new")[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"{}",
        b"[]",
        b"[5]",
        b"[" * 100_000,
        b'[{"id": 1}]',
        b'[{"id": "1", "file": {"url": "https://a.example/"}}]',
        b'[{"id": true, "file": {"url": "https://a.example/"}}]',
        b'[{"id": -1, "file": {"url": "https://a.example/"}}]',
        b'[{"id": 1e999, "file": {"url": "https://a.example/"}}]',
        b'[{"id": 9007199254740992, "file": {"url": "https://a.example/"}}]',
        b'[{"id": 1, "file": "https://a.example/"}]',
        b'[{"id": 1, "file": {"url": "javascript:alert(1)"}}]',
        b'[{"id": 1, "file": {"url": "https://"}}]',
        b'[{"id": 1, "file": {"url": "http://[::"}}]',
        b'[{"id": 1, "file": {"url": "https://a.example/' + b"a" * 3000 + b'"}}]',
        b'[{"id": 7, "file": {"url": "https://a.example/"}}, {"id": 8}]',
    ],
)
def test_images_that_are_none_are_refused_and_nothing_is_added(calls, body):
    response = calls.images("POST", data=body, headers=admin(calls))
    assert response.status_code == 400
    assert len(calls.images(headers=service(calls)).json) == 6


def test_the_list_is_bounded(calls):
    def images(start, count):
        return [
            {"id": number, "file": {"url": "https://a.example/"}} for number in range(start, start + count)
        ]

    headers = admin(calls)
    assert calls.images("POST", json=images(10, 4000), headers=headers).status_code == 200
    assert calls.images("POST", json=images(5000, 4000), headers=headers).status_code == 413
    assert calls.images("POST", json=images(10, 4000), headers=headers).status_code == 200
    assert len(calls.images(headers=service(calls)).json) == 4006


def test_the_pictures_of_the_start_are_there_for_all(calls):
    for image in calls.images(headers=service(calls)).json:
        response = calls.client.get(image["file"]["url"])
        assert (response.status_code, response.mimetype) == (200, "image/png")
        assert is_picture(response.data)
    for number in ("0", "7", "x", "-1", "99999999999999999999"):
        assert calls.send("GET", f"/instyle/pictures/{number}.png").status_code == 404


def test_host_names_have_their_own(calls):
    base_url = "http://instyle.localhost:9000"
    assert calls.images(headers=service(calls), base_url=base_url).status_code == 200
    assert calls.images(headers=service(calls), base_url="http://aspose.localhost:9000").status_code == 404
