"""What a token is worth: at its own partner, until it expires, is revoked, or was never signed."""

import base64
import json

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from tests.support.partner_calls import NOW, PNG, PartnerCalls, bearer

PARTNERS = ("anyline", "ayyeka", "aspose")
IMAGE = {"image": base64.b64encode(PNG).decode()}
LIFETIMES = {"anyline": 86400, "ayyeka": 3600, "aspose": 86400}


@pytest.fixture
def calls():
    return PartnerCalls()


def token_of(calls, partner):
    response = getattr(calls, f"{partner}_token")()
    assert response.status_code == 200, response.text
    return response.json["access_token"]


def call(calls, partner, token):
    """Make the partner's documented call with a token."""
    headers = bearer(token)
    if partner == "anyline":
        return calls.send("POST", "/v2/tiresidewall", json=IMAGE, headers=headers)
    if partner == "ayyeka":
        return calls.send("GET", "/v2.0/site", headers=headers)
    return calls.send("GET", "/v4.0/words/storage/folder/", headers=headers)


def claims_of(token):
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("partner", PARTNERS)
def test_a_token_is_good_for_the_documented_time_by_the_clock_of_the_sandbox(calls, partner):
    token = token_of(calls, partner)
    claims = claims_of(token)
    assert (claims["iat"], claims["exp"]) == (NOW, NOW + LIFETIMES[partner])
    calls.box.vinli.clock.advance(LIFETIMES[partner] - 1)
    assert call(calls, partner, token).status_code == 200
    calls.box.vinli.clock.advance(1)
    response = call(calls, partner, token)
    assert response.status_code == 401
    assert "expired" in response.text


@pytest.mark.parametrize("partner", PARTNERS)
def test_the_switch_shortens_what_is_said_and_what_is_signed(partner):
    calls = PartnerCalls(partner_lifetime=30)
    answer = getattr(calls, f"{partner}_token")().json
    assert answer["expires_in"] == 30
    assert claims_of(answer["access_token"])["exp"] == NOW + 30


def test_the_switch_lengthens_nothing():
    assert PartnerCalls(partner_lifetime=7200).ayyeka_token().json["expires_in"] == 3600


@pytest.mark.parametrize("partner", PARTNERS)
@pytest.mark.parametrize("issuer", [*PARTNERS, "instyle"])
def test_a_token_of_another_partner_is_refused(calls, partner, issuer):
    token = calls.tokens()["AccessToken"] if issuer == "instyle" else token_of(calls, issuer)
    assert call(calls, partner, token).status_code == (200 if partner == issuer else 401)


@pytest.mark.parametrize("partner", PARTNERS)
def test_a_token_of_another_sandbox_is_refused(calls, partner):
    assert call(calls, partner, token_of(PartnerCalls(), partner)).status_code == 401


@pytest.mark.parametrize("partner", PARTNERS)
def test_a_token_that_was_tampered_with_is_refused(calls, partner):
    header, payload, signature = token_of(calls, partner).split(".")
    claims = claims_of(f".{payload}.") | {"exp": NOW + 10**6}
    without = encoded({"alg": "none"})
    forged_key = ECKey.generate_key("P-256")
    octets = OctKey.import_key(b"x" * 32)
    forged = [
        f"{header}.{encoded(claims)}.{signature}",
        f"{without}.{payload}.",
        f"{without}.{payload}.{signature}",
        f"{encoded({'alg': 'None'})}.{payload}.",
        f"{encoded({'alg': 'ES256', 'jwk': forged_key.as_dict(private=False)})}.{payload}.{signature}",
        f"{header}.{payload}.",
        f"{header}.{payload}.{'A' * len(signature)}",
        f"{header}.{payload}.{signature}.x.y",
        f"{header}.{payload}",
        f"{encoded([])}.{payload}.{signature}",
        f"{encoded({'alg': 'ES256', 'b64': False, 'crit': ['b64']})}.{payload}.{signature}",
        f"{encoded({'alg': 'dir', 'enc': 'A128GCM'})}..AA.AA.AA",
        jwt.encode({"alg": "ES256"}, claims, forged_key),
        jwt.encode({"alg": "HS256"}, claims, octets),
        "x",
        "é",
        "a" * 100_000,
    ]
    for token in forged:
        assert call(calls, partner, token).status_code == 401, token[:80]


@pytest.mark.parametrize("partner", PARTNERS)
def test_a_token_in_the_wrong_place_is_refused(calls, partner):
    token = token_of(calls, partner)
    for headers in (
        {},
        {"Authorization": token},
        {"Authorization": f"JWT {token}"},
        {"Authorization": "Bearer"},
    ):
        path = {
            "anyline": "/v2/tiresidewall",
            "ayyeka": "/v2.0/site",
            "aspose": "/v4.0/words/storage/folder/",
        }
        method = "POST" if partner == "anyline" else "GET"
        response = calls.send(method, path[partner], headers=headers, query_string={"access_token": token})
        assert response.status_code == 401


def test_revoking_takes_the_tokens_of_one_partner_so_far_and_no_other(calls):
    before = {partner: token_of(calls, partner) for partner in PARTNERS}
    assert calls.send("POST", "/_sandbox/partners/revoke", json={"partner": "ayyeka"}).json == {"revoked": 1}
    assert [call(calls, partner, before[partner]).status_code for partner in PARTNERS] == [200, 401, 200]
    assert call(calls, "ayyeka", token_of(calls, "ayyeka")).status_code == 200


def test_revoking_takes_everything_when_no_partner_is_named(calls):
    before = {partner: token_of(calls, partner) for partner in PARTNERS}
    result = calls.tokens()
    assert calls.send("POST", "/_sandbox/partners/revoke").json == {"revoked": 5}
    assert [call(calls, partner, before[partner]).status_code for partner in PARTNERS] == [401, 401, 401]
    _, answer = calls.cognito(
        "REFRESH_TOKEN_AUTH", REFRESH_TOKEN=result["RefreshToken"], SECRET_HASH=calls["INSTYLE_SECRET_HASH"]
    )
    assert answer["__type"] == "NotAuthorizedException"


@pytest.mark.parametrize("partner", PARTNERS)
def test_a_rotated_secret_is_the_only_one_that_is_good(calls, partner):
    body = {"partner": partner, "secret": "a new secret: ü"}
    assert calls.send("POST", "/_sandbox/partners/secret", json=body).status_code == 204
    assert getattr(calls, f"{partner}_token")().status_code in (400, 401)
    calls.variables = calls.partners.credentials.as_settings()
    assert getattr(calls, f"{partner}_token")().status_code == 200


def test_a_new_client_secret_of_cognito_makes_old_hashes_worthless(calls):
    body = {"partner": "instyle", "secret": "s2", "variable": "INSTYLE_CLIENT_SECRET"}
    assert calls.send("POST", "/_sandbox/partners/secret", json=body).status_code == 204
    assert "secret hash" in calls.sign_in()[1]["message"]
    calls.variables = calls.partners.credentials.as_settings()
    assert calls.sign_in()[0] == 200


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("revoke", {"partner": "nobody"}, 404),
        ("revoke", {"partner": ["anyline"]}, 404),
        ("revoke", [], 400),
        ("secret", {"partner": "anyline"}, 400),
        ("secret", {"partner": "anyline", "secret": ""}, 400),
        ("secret", {"partner": "anyline", "secret": 5}, 400),
        ("secret", {"partner": "anyline", "secret": "x" * 201}, 400),
        ("secret", {"secret": "x"}, 404),
        ("secret", {"partner": ["anyline"], "secret": "x"}, 404),
        ("secret", {"partner": "anyline", "secret": "x", "variable": "ASPOSE_CLIENT_SECRET"}, 404),
        ("secret", {"partner": "anyline", "secret": "x", "variable": "ANYLINE_CLIENT_ID"}, 404),
        ("secret", {"partner": "anyline", "secret": "x", "variable": ["x"]}, 404),
    ],
)
def test_what_makes_no_sense_is_refused(calls, path, body, status):
    assert calls.send("POST", f"/_sandbox/partners/{path}", json=body).status_code == status


def test_a_page_of_another_site_cannot_rotate_a_secret(calls):
    body = {"partner": "anyline", "secret": "x"}
    headers = {"Origin": "https://evil.example"}
    assert calls.send("POST", "/_sandbox/partners/secret", json=body, headers=headers).status_code == 403
    assert calls.anyline_token().status_code == 200


def test_ids_and_secrets_depend_on_the_seed_alone():
    first, again, other = (
        PartnerCalls(seed=5).variables,
        PartnerCalls(seed=5, devices=9).variables,
        PartnerCalls(seed=6).variables,
    )
    assert first == again
    secrets = [name for name in first if name.endswith(("SECRET", "KEY", "PASSWORD", "HASH", "CLIENT_ID"))]
    assert len(secrets) == 14
    assert all(first[name] != other[name] for name in secrets)
