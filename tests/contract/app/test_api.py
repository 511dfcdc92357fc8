"""/api/v1: who gets in with which token, from where, and what a photograph may be. The clock is turned by hand."""

from __future__ import annotations

import json
import re

import pytest

from blueprints.api.tokens import VALID_SECONDS
from domain.signing import Signer
from tests.support.app_process import SECRET_KEY
from tests.support.pages import Page
from tests.support.servers import CLOSE, Server, http, json_reply

pytestmark = pytest.mark.contract

TOKENS, SIDEWALL = "/api/v1/tokens", "/api/v1/tire-sidewall"
CONSOLE = "/partners/anyline"
FRIEND = "https://friend.example"
JPEG = b"\xff\xd8\xff\xe0" + bytes(1000)
READING = {
    "tireSizeResult": {"text": {"text": "205/55R16 91V"}},
    "tinResult": {"text": {"text": "DOT ABC 2319"}},
}


class Anyline:
    """The token endpoint and the reading; ``answer`` replaces what a reading comes to."""

    def __init__(self):
        self.answer = json_reply(READING)
        self._server = Server(self._respond)
        self.origin = self._server.origin
        self.close = self._server.close

    def images(self):
        return [r.body for r in self._server.received if r.path == "/v2/tiresidewall"]

    def asked(self):
        return len(self._server.received)

    def _respond(self, request):
        if request.path == "/oauth/token":
            return json_reply({"access_token": "anyline-token", "token_type": "Bearer", "expires_in": 86400})
        return self.answer


@pytest.fixture
def anyline():
    upstream = Anyline()
    yield upstream
    upstream.close()


@pytest.fixture
def site(local_site, vinli, anyline):
    return local_site(
        vinli.origin,
        ANYLINE_CLIENT_ID="the-client",
        ANYLINE_CLIENT_SECRET="the-secret-of-the-client",
        ANYLINE_AUTH_URL=anyline.origin,
        ANYLINE_API_URL=anyline.origin,
        CORS_ORIGINS=f"{FRIEND},https://other.example:8443",
    )


@pytest.fixture
def operator(site):
    with site.browser() as browser:
        browser.sign_in_as_operator()
        yield browser


def page_data(browser, path=CONSOLE):
    """Return what the tyre's form tells the script, by the names of its data-attributes."""
    return dict(re.findall(r'data-([a-z-]+)="([^"]*)"', browser.get(path).text.partition("<form")[2]))


def token_of(browser):
    response = browser.request(
        "POST", TOKENS, data={"purpose": "tire-sidewall"}, headers=csrf_header(browser)
    )
    assert response.status_code == 200, response.text
    return response.json()["token"]


def csrf_header(browser):
    form = Page(browser.get("/operator/devices").text).form("/operator/sign-out")
    return {"X-CSRF-Token": form["fields"]["csrf_token"]}


def send(browser, token, image=JPEG, **headers):
    authorization = {"Authorization": f"Bearer {token}"} if token is not None else {}
    return browser.request(
        "POST", SIDEWALL, data=image, headers={"Content-Type": "image/jpeg", **authorization, **headers}
    )


def refused(response, status, code=None):
    """Whether an answer is an error object of this status, with everything in it and nothing else."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/json"
    about = response.json()["error"]
    assert set(response.json()) == {"error"}
    assert set(about) == {"status", "code", "title", "detail", "reference"}
    assert about["status"] == status
    assert code in (None, about["code"])
    return about


# --- tokens


def test_a_photograph_is_read_with_a_token(operator, anyline):
    response = send(operator, token_of(operator))
    assert response.status_code == 200
    assert {"label": "Size", "text": "205/55R16 91V"} in response.json()["readings"]
    assert response.headers["Cache-Control"] == "no-store"
    assert len(anyline.images()) == 1
    assert json.loads(anyline.images()[0])["image"].startswith("/9j/4")


def test_the_page_carries_a_token_that_works(operator):
    data = page_data(operator)
    assert data["token-seconds"] == str(VALID_SECONDS)
    assert (data["endpoint"], data["tokens"]) == (SIDEWALL, TOKENS)
    assert send(operator, data["token"]).status_code == 200
    renewed = operator.request(
        "POST", TOKENS, data={"purpose": "tire-sidewall"}, headers={"X-CSRF-Token": data["csrf"]}
    )
    assert renewed.json()["expires_in"] == VALID_SECONDS <= 300
    assert send(operator, renewed.json()["token"]).status_code == 200


def test_a_token_is_good_for_five_minutes_and_not_longer(operator, site, anyline):
    token = token_of(operator)
    site.clock.advance(VALID_SECONDS - 2)
    assert send(operator, token).status_code == 200
    site.clock.advance(4)
    refused(send(operator, token), 401, "invalid_token")
    assert len(anyline.images()) == 1


def test_a_token_from_the_future_is_refused(operator, site):
    token = token_of(operator)
    site.clock.advance(-60)
    refused(send(operator, token), 401)


def test_a_token_is_for_one_session_alone(operator, site, anyline):
    token = token_of(operator)
    with site.browser() as other:
        refused(send(other, token), 401, "invalid_token")
        other.sign_in_as_operator()
        refused(send(other, token), 401, "invalid_token")
        refused(send(operator, token_of(other)), 401, "invalid_token")
    assert anyline.asked() == 0


def test_a_token_ends_with_the_sign_in(operator, anyline):
    token = token_of(operator)
    operator.submit(operator.get("/operator/devices"), "/operator/sign-out")
    refused(send(operator, token), 401)
    operator.sign_in_as_operator()
    refused(send(operator, token), 401)
    assert anyline.asked() == 0


@pytest.mark.parametrize(
    "purpose",
    ["csrf", "connect-state", "operator-link", "frontend-token", "frontend-token.other", "tire-sidewall"],
)
def test_what_was_signed_for_something_else_is_no_token(purpose, operator):
    good = token_of(operator)
    signer = Signer(SECRET_KEY)
    text, _ = signer.read(good, "frontend-token.tire-sidewall")
    refused(send(operator, signer.sign(text, purpose)), 401)
    forged = Signer("another-key-6d1f0c5e8b7a49d2a3c4b5e6f70819").sign(text, "frontend-token.tire-sidewall")
    refused(send(operator, forged), 401)
    assert send(operator, good).status_code == 200


def test_one_token_does_not_pass_for_another_kind(operator):
    csrf = csrf_header(operator)["X-CSRF-Token"]
    refused(send(operator, csrf), 401)
    token = token_of(operator)
    refused(
        operator.request("POST", TOKENS, data={"purpose": "tire-sidewall"}, headers={"X-CSRF-Token": token}),
        400,
    )
    assert operator.post("/operator/sign-out", csrf_token=token).status_code == 400


@pytest.mark.parametrize("change", ["", "x", "shortened", "longer", "case", "é", "a" * 5000])
def test_a_token_that_was_touched_is_refused(change, operator, anyline):
    token = token_of(operator)
    touched = {"shortened": token[:-1], "longer": token + "A", "case": token.swapcase()}.get(change, change)
    refused(send(operator, touched.encode().decode("latin-1")), 401)
    assert anyline.asked() == 0


def test_a_token_counts_in_its_header_alone(operator, anyline):
    token = token_of(operator)
    refused(operator.request("POST", f"{SIDEWALL}?access_token={token}&token={token}", data=JPEG), 401)
    refused(operator.request("POST", SIDEWALL, data={"token": token}), 401)
    refused(operator.request("POST", SIDEWALL, data=JPEG, headers={"Authorization": f"Basic {token}"}), 401)
    assert send(operator, None).headers["WWW-Authenticate"] == "Bearer"
    assert anyline.asked() == 0


def test_a_driver_gets_no_token_and_uses_none(site):
    with site.browser() as driver:
        driver.connect_at_once()
        csrf = Page(driver.get("/garage").text).form("/disconnect")["fields"]["csrf_token"]
        answer = driver.request(
            "POST", TOKENS, data={"purpose": "tire-sidewall"}, headers={"X-CSRF-Token": csrf}
        )
        refused(answer, 401)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": "x.y.z"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": FRIEND},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_tokens_are_given_to_our_own_pages_alone(headers, operator):
    good = {} if not headers or "X-CSRF-Token" in headers else csrf_header(operator)
    answer = operator.request("POST", TOKENS, data={"purpose": "tire-sidewall"}, headers=good | headers)
    refused(answer, 400)
    assert "token" not in answer.json()


@pytest.mark.parametrize("purpose", ["", "csrf", "everything", "tire-sidewall ", "tire-sidewall,csrf"])
def test_there_are_no_tokens_for_other_purposes(purpose, operator):
    refused(operator.request("POST", TOKENS, data={"purpose": purpose}, headers=csrf_header(operator)), 400)


@pytest.mark.parametrize("path", [TOKENS, SIDEWALL])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
def test_only_a_post_does_anything(method, path, operator, anyline):
    response = operator.request(method, path, headers={"Authorization": f"Bearer {token_of(operator)}"})
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]
    assert anyline.asked() == 0


def test_without_an_operator_there_is_no_api(local_site, vinli):
    with local_site(vinli.origin, OPERATOR_PASSWORD="").browser() as browser:
        for path in (TOKENS, SIDEWALL, "/partners", CONSOLE):
            assert browser.get(path).status_code == 404


def test_the_api_has_a_rate_of_its_own(local_site, vinli):
    with local_site(vinli.origin, RATE_LIMIT_API="3/day").browser() as browser:
        browser.sign_in_as_operator()
        token_of(browser)
        for _ in range(2):
            refused(send(browser, "x"), 401)
        about = refused(send(browser, "x"), 429)
        assert about["title"] == "Too many tries"
        assert browser.get("/operator/devices").status_code == 200


# --- photographs


@pytest.mark.parametrize(
    ("image", "status"),
    [
        (b"", 400),
        (b"no photograph at all", 415),
        (b"<svg onload='alert(1)'/>", 415),
        (b"GIF89a" + bytes(100), 415),
        (JPEG + bytes(2 * 1024 * 1024), 413),
        (JPEG + bytes(3 * 1024 * 1024), 413),
    ],
)
def test_what_is_no_photograph_never_leaves(image, status, operator, anyline):
    refused(send(operator, token_of(operator), image), status)
    assert anyline.asked() == 0


def test_a_photograph_of_just_the_limit_is_sent_whole(operator, anyline):
    image = JPEG.ljust(2 * 1024 * 1024, b"\1")
    assert send(operator, token_of(operator), image).status_code == 200
    assert len(json.loads(anyline.images()[0])["image"]) == -(-len(image) // 3) * 4


@pytest.mark.parametrize("path", [TOKENS, "/partners/ayyeka", "/partners/instyle/images", "/disconnect"])
def test_other_addresses_take_no_more_than_before(path, operator):
    assert operator.post(path, csrf_token="x" * 100_000).status_code == 413


def test_a_photograph_is_kept_nowhere(operator, site):
    image = JPEG + b"canary-of-a-photograph" * 100
    send(operator, token_of(operator), image)
    for path in site.store_path.parent.iterdir():
        assert b"canary-of-a-photograph" not in path.read_bytes()


@pytest.mark.parametrize(
    ("answer", "status", "title"),
    [
        (http(500), 502, "Anyline has a problem"),
        (http(429, retry_after="30"), 503, "Anyline asks us to slow down"),
        (http(403), 502, "Anyline does not allow this"),
        (http(422, b"{}"), 502, "Anyline refused the request"),
        (http(200, b"<html>", content_type="text/html"), 502, "We cannot use Anyline’s answer"),
        (http(200, b"[]"), 502, "We cannot use Anyline’s answer"),
        (http(302, location="https://evil.example/"), 502, "We cannot use Anyline’s answer"),
        (CLOSE, 502, "Anyline cannot be reached"),
    ],
    ids=range(8),
)
def test_what_goes_wrong_at_anyline_is_told_in_words(answer, status, title, operator, anyline):
    anyline.answer = answer
    response = send(operator, token_of(operator))
    assert refused(response, status)["title"] == title
    if status == 503:
        assert response.headers["Retry-After"] == "30"


def test_an_error_of_anylines_never_repeats_what_was_sent(operator, anyline):
    anyline.answer = json_reply(
        {"error": "anyline-token", "error_description": "the-secret-of-the-client"}, 400
    )
    response = send(operator, token_of(operator))
    assert "anyline-token" not in response.text
    assert "the-secret" not in response.text


def test_markup_in_a_reading_is_inert(operator, anyline):
    anyline.answer = json_reply({"tireMakeResult": {"text": "<img src=x onerror=alert(1)>"}})
    answer = send(operator, token_of(operator))
    assert answer.json()["readings"] == [{"label": "Make", "text": "<img src=x onerror=alert(1)>"}]
    form = Page(operator.get(CONSOLE).text).form("/partners/anyline/tire-sidewall")
    page = operator.request(
        "POST",
        "/partners/anyline/tire-sidewall",
        data={"csrf_token": form["fields"]["csrf_token"]},
        files=[("image", ("", b"")), ("image", ("tyre.jpg", JPEG, "image/jpeg"))],
    )
    assert page.status_code == 200
    assert "<img src=x" not in page.text
    assert "<img src=x onerror=alert(1)>" in Page(page.text).text


@pytest.mark.parametrize(
    ("image", "status"), [(b"a text", 415), (b"", 400), (JPEG + bytes(2 * 1024 * 1024), 413)]
)
def test_the_form_without_javascript_checks_the_same(image, status, operator, anyline):
    form = Page(operator.get(CONSOLE).text).form("/partners/anyline/tire-sidewall")
    response = operator.request(
        "POST",
        "/partners/anyline/tire-sidewall",
        data={"csrf_token": form["fields"]["csrf_token"]},
        files={"image": ("tyre.jpg", image, "image/jpeg")},
    )
    assert response.status_code == status
    assert anyline.asked() == 0


def test_without_anylines_settings_nothing_is_offered_or_sent(local_site, vinli):
    with local_site(vinli.origin).browser() as browser:
        browser.sign_in_as_operator()
        page = browser.get(CONSOLE).text
        assert "ANYLINE_CLIENT_SECRET" in page
        assert "tire-photo" not in page
        about = refused(send(browser, token_of(browser)), 404)
        assert about["title"] == "Anyline is not set up here"


# --- other origins


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "*",
        "http://friend.example",
        "https://friend.example:8443",
        "https://friend.example.evil.example",
        "https://evilfriend.example",
        "https://sub.friend.example",
        "https://friend.example/",
        "https://FRIEND.example",
        "https://other.example",
        f"{FRIEND}, https://evil.example",
        "",
    ],
)
def test_an_origin_that_is_not_named_gets_no_header(origin, operator):
    for method, headers in (("OPTIONS", {"Access-Control-Request-Method": "POST"}), ("POST", {})):
        response = operator.request(method, SIDEWALL, headers={"Origin": origin, **headers})
        assert not allowed(response)
        assert "Origin" in response.headers["Vary"]


def allowed(response):
    return {
        name.lower(): v for name, v in response.headers.items() if name.lower().startswith("access-control")
    }


def from_friend(browser, method, path, **headers):
    """Send a request from a page of another origin; the browser's usual check allows none of these headers."""
    with browser.request(method, path, headers={"Origin": FRIEND, **headers}, stream=True) as response:
        return response


def test_an_origin_that_is_named_is_let_in_exactly(operator):
    preflight = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,x-evil",
    }
    answer = from_friend(operator, "OPTIONS", SIDEWALL, **preflight)
    assert answer.status_code == 200
    assert allowed(answer) == {
        "access-control-allow-origin": FRIEND,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "Authorization, Content-Type",
        "access-control-max-age": "600",
    }
    assert "Origin" in answer.headers["Vary"]
    refusal = from_friend(operator, "POST", SIDEWALL)
    assert refusal.status_code == 401
    assert allowed(refusal) == {"access-control-allow-origin": FRIEND}, "pages may read why"


@pytest.mark.parametrize(
    "path", [TOKENS, "/partners", "/partners/ayyeka", "/", "/garage", "/healthz", "/api/v1/no"]
)
def test_nothing_else_is_open_to_it(path, operator):
    for method in ("OPTIONS", "GET", "POST"):
        assert not allowed(from_friend(operator, method, path))


def test_without_the_setting_no_origin_is_let_in(local_site, vinli):
    with local_site(vinli.origin).browser() as browser:
        for origin in (FRIEND, "null", browser.origin):
            assert not allowed(browser.request("OPTIONS", SIDEWALL, headers={"Origin": origin}))
