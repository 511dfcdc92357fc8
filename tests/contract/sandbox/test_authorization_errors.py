"""Errors of the authorization endpoint: a page in the body and never a redirect (docs general/authentication)."""

import re

import pytest
import requests

from tests.support.sandbox_process import Page, Person, SandboxProcess

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module")
def sandbox():
    with SandboxProcess() as process:
        yield process


@pytest.fixture
def driver(sandbox):
    return Person(sandbox)


def assert_error_page(response, error, status=400):
    assert response.status_code == status
    assert "Location" not in response.headers
    assert response.headers["Content-Type"].startswith("text/html")
    assert f'<span class="code__word">{error}</span>' in response.text
    assert "<script" not in response.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": None}, "invalid_request"),
        ({"client_id": ""}, "invalid_request"),
        ({"client_id": "unknown"}, "invalid_client"),
        ({"client_id": "<script>alert(1)</script>"}, "invalid_client"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1:8000/connect/callback/"}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1:8000/connect/Callback"}, "invalid_request"),
        ({"redirect_uri": "https://127.0.0.1:8000/connect/callback"}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1:8000/connect/callback?x=1"}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1/connect/callback"}, "invalid_request"),
        ({"redirect_uri": 'http://evil.example/"><script>ü\\'}, "invalid_request"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_type": '"\\ü'}, "unsupported_response_type"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": "S256"}, "invalid_request"),
        ({"code_challenge": "a" * 43, "code_challenge_method": "MD5"}, "invalid_request"),
    ],
)
@pytest.mark.parametrize("signed_in", [False, True])
def test_a_bad_request_is_answered_by_a_page(driver, changes, error, signed_in):
    if signed_in:
        driver.sign_in()
    assert_error_page(driver.get(driver.sandbox.authorization_url(**changes)), error)


@pytest.mark.parametrize(
    "name", ["client_id", "redirect_uri", "response_type", "state", "scope", "code_challenge"]
)
def test_a_parameter_that_comes_twice_is_refused(driver, name):
    url = driver.sandbox.authorization_url(state="s", scope="x", code_challenge="a" * 43)
    assert_error_page(driver.get(f"{url}&{name}=other"), "invalid_request")


def test_a_wrong_redirect_uri_is_shown_beside_the_registered_one(driver):
    page = driver.get(driver.sandbox.authorization_url(redirect_uri="http://other/cb")).text
    shown = re.findall(r"<dd><code>(.*?)</code></dd>", page)
    assert shown == ["http://other/cb", driver.sandbox.credentials["redirect_uri"]]


def test_a_web_client_has_no_code_flow(driver):
    web = driver.sandbox.credentials
    url = driver.sandbox.authorization_url("token", response_type="code", client_id=web["web_client_id"])
    assert_error_page(driver.get(url), "unauthorized_client")


def test_unknown_parameters_are_tolerated(driver):
    response = driver.get(driver.sandbox.authorization_url(locale="en-US", scope="a b", display="touch"))
    assert response.status_code == 200


# --- the sign-in page


def test_the_request_survives_signing_in(driver):
    url = driver.sandbox.authorization_url(state="<&\"'> ü")
    form = Page(driver.get(url).text).form("password")
    fields = form["fields"] | {"password": driver.sandbox.credentials["driver_password"]}
    response = driver.post(form["action"], fields)
    assert response.status_code == 303
    assert driver.sandbox.origin + response.headers["Location"] == url


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/sign-out",
        "/oauth/authorization/new@evil.example",
        "/oauth/authorization/new?a\r\nX-Injected: 1",
        "/oauth/authorization/new?ü",
        "javascript:alert(1)",
        "",
    ],
)
def test_signing_in_leads_nowhere_else(driver, target):
    password = driver.sandbox.credentials["driver_password"]
    response = driver.post("/sign-in", {"email": driver.email, "password": password, "next": target})
    assert (response.status_code, response.headers["Location"]) == (303, "/")
    assert "X-Injected" not in response.headers


def test_a_wrong_password_asks_again_and_keeps_the_request(driver):
    form = Page(driver.get(driver.sandbox.authorization_url()).text).form("password")
    response = driver.post(form["action"], form["fields"] | {"email": 'x"><script>', "password": "wrong"})
    assert response.status_code == 401
    again = Page(response.text).form("password")
    assert again["fields"] == form["fields"] | {"email": 'x"><script>', "password": ""}
    assert not driver.session.cookies


def test_the_sign_in_page_tells_who_can_sign_in_and_links_to_sign_up(driver):
    page = driver.get(driver.sandbox.authorization_url()).text
    assert driver.sandbox.credentials["driver_email"] in page
    assert driver.sandbox.credentials["driver_password"] in page
    assert 'href="/sign-up?next=' in page
    assert driver.get("/sign-up").status_code == 200


# --- the decision


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/oauth/authorization"])
def test_forms_of_other_sites_are_refused(driver, path, headers):
    assert driver.post(path, {}, headers=headers).status_code == 403


def test_a_decision_counts_once(driver):
    driver.sign_in()
    form = Page(driver.get(driver.sandbox.authorization_url()).text).form("transaction_id")
    assert driver.post(form["action"], form["fields"] | {"cancel": "1"}).status_code == 302
    assert_error_page(driver.post(form["action"], form["fields"]), "invalid_request")


def test_a_second_click_brings_the_same_decision_and_later_none(driver):
    driver.sign_in()
    form = Page(driver.get(driver.sandbox.authorization_url()).text).form("transaction_id")
    refused = form["fields"] | {"cancel": "1"}
    answers = [driver.post(form["action"], refused).headers["Location"] for _ in range(2)]
    assert answers[0] == answers[1]
    driver.sandbox.control("POST", "/clock", {"advance_seconds": 11})
    assert_error_page(driver.post(form["action"], refused), "invalid_request")


def test_somebody_elses_question_cannot_be_answered(sandbox, driver):
    driver.sign_in()
    form = Page(driver.get(sandbox.authorization_url()).text).form("transaction_id")
    other = Person(sandbox, sandbox.credentials["drivers"][1])
    assert_error_page(other.post(form["action"], form["fields"]), "invalid_request")
    other.authorize(sandbox.authorization_url("token"))
    assert_error_page(other.post(form["action"], form["fields"]), "invalid_request")


def test_the_transaction_alone_decides_nothing(sandbox, driver):
    driver.sign_in()
    form = Page(driver.get(sandbox.authorization_url()).text).form("transaction_id")
    only_session = {"sandbox_session": driver.session.cookies["sandbox_session"]}
    response = requests.post(
        sandbox.origin + form["action"],
        data=form["fields"],
        cookies=only_session,
        timeout=10,
        allow_redirects=False,
    )
    assert_error_page(response, "invalid_request")


def test_signing_out_ends_the_session_and_deletes_the_cookies(driver):
    driver.authorize(driver.sandbox.authorization_url("token"))
    session = driver.session.cookies["sandbox_session"]
    response = driver.post("/sign-out", {})
    assert (response.status_code, response.headers["Location"]) == (303, "/signed-out")
    assert not driver.session.cookies
    driver.session.cookies["sandbox_session"] = session
    assert "Sign out" not in driver.get("/").text


def test_somebody_else_can_go_on_with_the_same_request(driver):
    driver.sign_in()
    url = driver.sandbox.authorization_url()
    form = Page(driver.get(url).text).form("next")
    response = driver.post(form["action"], form["fields"])
    assert driver.sandbox.origin + response.headers["Location"] == url
    assert "password" in driver.get(url).text
