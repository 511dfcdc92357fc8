"""The bytes on the wire equal the requests in the partners' documents, which are written down here by hand.

Where a document leaves out what curl adds by itself (the content type of an API call), JSON is announced.
"""

import base64
import json

import pytest

from settings import from_environ
from tests.support.servers import http, json_reply
from wiring.partners import build_partners

BASE = {
    "SECRET_KEY": "0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c",
    "VINLI_APP_ID": "app",
    "VINLI_APP_SECRET": "app-secret",
    "VINLI_CLIENT_ID": "client",
    "VINLI_CLIENT_SECRET": "client-secret",
}
# Computed by another program: printf annaCLIENT | openssl dgst -sha256 -hmac KEY -binary | base64
ANNA_HASH = "Q35JDz7HPRs7ObRSLnN7htxtqPWDbqKtzlPJy15MpTc="


class Remote:
    """All partners on one loopback server; `asked` are the requests that came, in order."""

    def __init__(self, serve):
        self.server = serve(self.respond)
        self.asked = self.server.received

    def respond(self, request):
        target = request.headers.get("x-amz-target")
        if request.path in ("/oauth/token", "/auth/token", "/connect/token"):
            kind = "JWT" if request.path == "/auth/token" else "Bearer"
            return json_reply({"access_token": "the.access.token", "token_type": kind, "expires_in": 3600})
        if target:
            result = {"AccessToken": "access-token", "IdToken": "id-token", "RefreshToken": "refresh-token"}
            result |= {"ExpiresIn": 3600, "TokenType": "Bearer"}
            answer = {"AuthenticationResult": result, "ChallengeParameters": {}}
            return http(200, json.dumps(answer).encode(), content_type="application/x-amz-json-1.1")
        if request.path == "/v2/tiresidewall":
            return json_reply({"tireSizeResult": {"text": {"text": "205/55R16 91V"}}})
        if request.path == "/v4.0/words/storage/folder/":
            return json_reply({"Value": []})
        return json_reply([])

    def variables(self, **more):
        origin = self.server.origin
        return {
            **BASE,
            "ANYLINE_AUTH_URL": origin,
            "ANYLINE_API_URL": origin,
            "ANYLINE_CLIENT_ID": "YOUR-CLIENT-ID",
            "ANYLINE_CLIENT_SECRET": "YOUR-CLIENT-SECRET",
            "AYYEKA_URL": origin,
            "AYYEKA_KEY": "Key",
            "AYYEKA_SECRET": "Secret",
            "ASPOSE_URL": origin,
            "ASPOSE_CLIENT_ID": "CLIENT_ID",
            "ASPOSE_CLIENT_SECRET": "CLIENT_SECRET",
            "INSTYLE_API_BASE_URL": f"{origin}/api",
            "INSTYLE_API_KEY": "0123456789012345678901234567890123456789",
            "INSTYLE_COGNITO_IDP": f"{origin}/idp/",
            "INSTYLE_CLIENT_ID": "CLIENT",
            "INSTYLE_USERNAME": "anna",
            "INSTYLE_PASSWORD": "pass word\"'é",
            "INSTYLE_SECRET_HASH": "the+secret/hash=",
            "INSTYLE_SUPERUSER_API_KEY": "superuser-key",
            "INSTYLE_SUPERUSER_USERNAME": "root",
            "INSTYLE_SUPERUSER_PASSWORD": "root-password",
            "INSTYLE_SUPERUSER_SECRET_HASH": "root-hash",
            "INSTYLE_CUSTOMER": "acme",
        } | more


@pytest.fixture
def remote(serve):
    return Remote(serve)


@pytest.fixture
def partners(remote, make_transport):
    return lambda **more: build_partners(from_environ(remote.variables(**more)), make_transport(), None)


def line(request):
    return f"{request.method} {request.target}"


def sent(request, *names):
    """The request's headers of these names, and that no other could carry a credential."""
    known = {
        "host",
        "user-agent",
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
    }
    assert set(request.headers) - known <= {name.lower() for name in names}
    return {name: request.headers.get(name.lower()) for name in names}


def called(partners, name, role=None):
    """Send a partner's documented example in a role, as the console does."""
    partner = partners.by_name[name]
    example = next(each for each in partner.examples if role in (None, each.role))
    return lambda transport: partner.call(
        transport, example.method, example.path, role=role, body=example.body and example.body.encode()
    )


# Anyline: Getting Started, Authentication Process


def test_anyline_asks_for_a_token_as_documented(remote, partners):
    partners().anyline.read_tire_sidewall(b"a photograph")
    token = remote.asked[0]
    assert line(token) == "POST /oauth/token"
    assert sent(token, "Content-Type") == {"Content-Type": "application/json"}
    assert token.body == (
        b'{"client_id":"YOUR-CLIENT-ID","client_secret":"YOUR-CLIENT-SECRET",'
        b'"audience":"https://prod.cloud-api.anyline.com","grant_type":"client_credentials",'
        b'"scope":"cloudapi:tiresidewall"}'
    )


def test_anyline_is_called_as_documented(remote, partners):
    partners().anyline.read_tire_sidewall(b"a photograph")
    call = remote.asked[1]
    assert line(call) == "POST /v2/tiresidewall"
    assert sent(call, "Authorization") == {"Authorization": "Bearer the.access.token"}
    assert call.headers["content-type"] == "application/json"
    assert call.body == b'{"image":"YSBwaG90b2dyYXBo"}'
    assert len(remote.asked) == 2


# Ayyeka: Authentication


def test_ayyeka_asks_for_a_token_as_documented(remote, partners):
    partners().ayyeka.sites()
    token = remote.asked[0]
    assert line(token) == "POST /auth/token"
    assert sent(token, "Content-Type", "Authorization", "Cache-Control") == {
        "Content-Type": "application/x-www-form-urlencoded",
        "Authorization": "Basic S2V5OlNlY3JldA==",
        "Cache-Control": "no-cache",
    }
    assert token.body == b"grant_type=client_credentials"


def test_ayyeka_is_called_as_documented(remote, partners):
    partners().ayyeka.sites()
    call = remote.asked[1]
    assert line(call) == "GET /v2.0/site"
    assert sent(call, "Authorization", "Cache-Control") == {
        "Authorization": "Bearer the.access.token",
        "Cache-Control": "no-cache",
    }
    assert call.body == b""


# Aspose: Authenticating API Requests


def test_aspose_asks_for_a_token_as_documented(remote, partners):
    partners().aspose.files()
    token = remote.asked[0]
    assert line(token) == "POST /connect/token"
    assert sent(token, "Accept", "Content-Type") == {
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    assert token.body == (b"grant_type=client_credentials&client_id=CLIENT_ID&client_secret=CLIENT_SECRET")


def test_aspose_is_called_as_documented(remote, partners):
    partners().aspose.files(storage="My Storage")
    call = remote.asked[1]
    assert line(call) == "GET /v4.0/words/storage/folder/?storageName=My+Storage"
    assert sent(call, "Authorization") == {"Authorization": "Bearer the.access.token"}
    assert call.body == b""


# instyle.ai: Authentication


def test_the_service_sends_its_key_and_the_word_none_and_asks_for_no_token(remote, partners):
    partners().instyle.images()
    (call,) = remote.asked
    assert line(call) == "GET /api/images"
    assert call.headers["accept"] == "application/json"
    assert sent(call, "x-api-key", "Authorization") == {
        "x-api-key": "0123456789012345678901234567890123456789",
        "Authorization": "None",
    }


def test_the_admin_signs_in_at_cognito_as_documented(remote, partners):
    partners().instyle.add_images([(1, "https://pictures.example/1.png")])
    token = remote.asked[0]
    assert line(token) == "POST /idp/"
    assert sent(token, "X-Amz-Target", "Content-Type") == {
        "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
        "Content-Type": "application/x-amz-json-1.1",
    }
    assert json.loads(token.body) == {
        "ClientId": "CLIENT",
        "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": {
            "USERNAME": "anna",
            "PASSWORD": "pass word\"'é",
            "SECRET_HASH": "the+secret/hash=",
            "SCOPES": "OPENID",
        },
    }


def test_the_admin_adds_the_documents_images_with_the_bare_id_token(remote, partners, make_transport):
    called(partners(), "instyle", "admin")(make_transport(remote.server.origin))
    call = remote.asked[1]
    assert line(call) == "POST /api/images"
    assert call.headers["accept"] == "application/json"
    assert sent(call, "x-api-key", "Authorization") == {
        "x-api-key": "0123456789012345678901234567890123456789",
        "Authorization": "id-token",
    }
    assert json.loads(call.body) == [
        {"id": 1, "file": {"url": "https://cdn.pixabay.com/photo/2016/12/06/09/31/blank-1886008__340.png"}},
        {"id": 2, "file": {"url": "https://cdn.pixabay.com/photo/2015/09/06/01/03/white-926838__340.jpg"}},
    ]


def test_the_client_adds_images_in_the_same_form(remote, partners):
    partners().instyle.add_images([(1, "https://pictures.example/ü.png")])
    assert remote.asked[1].body == '[{"id":1,"file":{"url":"https://pictures.example/ü.png"}}]'.encode()
    assert remote.asked[1].headers["authorization"] == "id-token"


def test_an_access_token_goes_as_a_bearer(remote, partners):
    partners(INSTYLE_TOKEN="access").instyle.add_images([(1, "https://pictures.example/1.png")])
    assert remote.asked[1].headers["authorization"] == "Bearer access-token"


def test_the_superuser_signs_in_as_itself_and_names_the_customer(remote, partners, make_transport):
    partner = partners().by_name["instyle"]
    partner.call(make_transport(remote.server.origin), "GET", "/images", role="superuser")
    token, call = remote.asked
    parameters = json.loads(token.body)["AuthParameters"]
    assert parameters == {
        "USERNAME": "root",
        "PASSWORD": "root-password",
        "SECRET_HASH": "root-hash",
        "SCOPES": "OPENID",
    }
    assert line(call) == "GET /api/images"
    assert sent(call, "x-api-key", "Authorization", "x-selected-customer") == {
        "x-api-key": "superuser-key",
        "Authorization": "id-token",
        "x-selected-customer": "acme",
    }


def test_the_secret_hash_is_computed_where_only_the_client_secret_is_given(remote, partners):
    made = partners(INSTYLE_SECRET_HASH="", INSTYLE_CLIENT_SECRET="KEY")
    made.instyle.add_images([(1, "https://pictures.example/1.png")])
    assert json.loads(remote.asked[0].body)["AuthParameters"]["SECRET_HASH"] == ANNA_HASH


def test_a_secret_hash_that_is_given_goes_before_one_that_is_computed(remote, partners):
    partners(INSTYLE_CLIENT_SECRET="KEY").instyle.add_images([(1, "https://pictures.example/1.png")])
    assert json.loads(remote.asked[0].body)["AuthParameters"]["SECRET_HASH"] == "the+secret/hash="


# All of them


@pytest.mark.parametrize("name", ["anyline", "ayyeka", "aspose", "instyle"])
def test_the_consoles_example_is_the_documented_call(name, remote, partners, make_transport):
    answer = called(partners(), name)(make_transport(remote.server.origin))
    assert answer.status == 200
    documented = {
        "anyline": "POST /v2/tiresidewall",
        "ayyeka": "GET /v2.0/site",
        "aspose": "GET /v4.0/words/storage/folder/",
        "instyle": "GET /api/images",
    }
    assert line(remote.asked[-1]) == documented[name]


def test_anylines_example_holds_a_picture(remote, partners, make_transport):
    called(partners(), "anyline")(make_transport(remote.server.origin))
    picture = base64.b64decode(json.loads(remote.asked[1].body)["image"], validate=True)
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")


def test_secrets_with_signs_survive_the_form_and_the_json(remote, partners):
    secret = 'a b&c=d+e%20"ü\\'
    made = partners(ASPOSE_CLIENT_SECRET=secret, ANYLINE_CLIENT_SECRET=secret, AYYEKA_SECRET=secret)
    made.aspose.files()
    made.anyline.read_tire_sidewall(b"")
    made.ayyeka.sites()
    aspose, _, anyline, _, ayyeka, _ = remote.asked
    assert aspose.form["client_secret"] == secret
    assert json.loads(anyline.body)["client_secret"] == secret
    assert (
        base64.b64decode(ayyeka.headers["authorization"].removeprefix("Basic ")).decode() == f"Key:{secret}"
    )
