"""Drivers meet drivers' words: technical terms stand in the folded cause alone."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

import blueprints.garage.entry
import blueprints.web.error_pages
import blueprints.web.requests
import blueprints.web.visitors.limits
import domain.oauth_runs.problems
import domain.problems
from domain.oauth_runs import problems as flow_problems
from domain.problems import Problem
from providers import errors
from tests.support.browser import problem_code
from tests.support.failures import error, token
from tests.support.fake_vinli import TOKEN, USER
from tests.support.pages import Page
from tests.support.servers import http

TECHNICAL = re.compile(
    r"\b(states?|clients?|platform|tokens?|OAuth|redirect URI|endpoint|parameters?|PUBLIC_URL|STORE_URL|"
    r"authorization|server_error|invalid_\w+|callback|credentials|JSON)\b",
    re.IGNORECASE,
)
MODULES = (
    domain.problems,
    domain.oauth_runs.problems,
    blueprints.garage.entry,
    blueprints.web.error_pages,
    blueprints.web.requests,
    blueprints.web.visitors.limits,
)
# The credentials of the app are refused on operators' pages alone.
OPERATORS_OWN = {"app_credentials_refused"}


def all_problems():
    """Return every problem that these modules hold by name or in a table."""
    found = {}
    for module in MODULES:
        for value in vars(module).values():
            for one in value.values() if isinstance(value, dict) else [value]:
                if isinstance(one, Problem) and one.code not in OPERATORS_OWN:
                    found[one.code, one.what] = one
    return list(found.values())


def read_aloud(response):
    """Return the words of a page outside of what is folded, and outside the footer's and the page's doors."""
    text = re.sub("<details.*?</details>", " ", response.text, flags=re.DOTALL)
    text = re.sub('<section class="doors".*?</section>', " ", text, flags=re.DOTALL)
    text = re.sub("<footer.*?</footer>", " ", text, flags=re.DOTALL)
    return " ".join(Page(text).text.split())


def assert_in_drivers_words(response):
    assert not TECHNICAL.search(read_aloud(response)), TECHNICAL.findall(read_aloud(response))


@pytest.mark.parametrize("problem", all_problems(), ids=lambda problem: problem.code)
def test_a_problem_is_told_in_drivers_words(problem):
    words = " ".join((problem.title, problem.what, *problem.todo, *(one.label for one in problem.actions)))
    assert not TECHNICAL.search(words)


@pytest.fixture
def browser(vinli, local_site):
    with local_site(vinli.origin).browser() as browser:
        yield browser


def test_the_pages_of_a_driver_are_in_drivers_words(browser):
    for path in ("/", "/?left=1", "/cookies", "/garage", "/nowhere"):
        assert_in_drivers_words(browser.get(path))
    assert_in_drivers_words(browser.get("/connect", headers={"Sec-Fetch-Site": "cross-site"}))
    browser.connect_at_once()
    garage = browser.get("/garage")
    for path in (
        "/",
        "/garage",
        "/garage?page=9",
        *re.findall('href="(/garage/devices/[^"]*)"', garage.text),
    ):
        assert_in_drivers_words(browser.get(path))


@pytest.mark.parametrize(
    "query",
    [
        "",
        "code=x",
        "code=x&state=y",
        "code=x&code=y",
        "code=x&amp;state=y",
        "CODE=x&STATE=y",
        f"code={'x' * 20000}",
    ],
)
def test_a_callback_that_fails_is_told_in_drivers_words(browser, query):
    page = browser.get(f"/connect/callback?{query}")
    assert page.status_code == 400
    assert_in_drivers_words(page)


@pytest.mark.parametrize("code", [*flow_problems.ERROR_WORDS, "access_denied", "made_up"])
def test_an_error_of_the_authorization_server_is_told_in_drivers_words(browser, code):
    page = browser.come_back(error=code)
    assert_in_drivers_words(page)
    helps = code not in flow_problems.SETTINGS_AT_FAULT
    assert ("Connect again" in read_aloud(page)) is helps, "where another try can help"


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (TOKEN, error("invalid_client", 401)),
        (TOKEN, error("invalid_grant")),
        (TOKEN, http(500)),
        (TOKEN, http(429)),
        (TOKEN, token(token_type="mac")),
        (TOKEN, token(access_token=None)),
        (USER, http(401)),
        (USER, http(403)),
        (USER, http(404)),
    ],
)
def test_an_exchange_that_fails_is_told_in_drivers_words(browser, vinli, path, answer):
    vinli.answers[path] = answer
    page = browser.come_back(code="x")
    assert page.status_code >= 500
    assert_in_drivers_words(page)
    assert "is not connected" in page.text or "is not connected" in page.text.replace("&#39;", "")


def test_a_kept_error_page_is_shown_again_as_it_was(browser):
    page = browser.get("/connect/callback?code=secret-code")
    (address,) = re.findall('data-address="([^"]*)"', page.text)
    assert "secret" not in address
    assert len(address) < 1_500
    again = browser.get(address)
    assert (again.status_code, problem_code(again)) == (400, "no_state")
    assert read_aloud(again) == read_aloud(page)
    assert "data-address" not in again.text


@pytest.mark.parametrize(
    "kept", ["x", "x" * 5000, "%00", "%FF", urlencode({"a": "é"}), "WyJhIiwge31d.aaaa.bbbb", ".eJw.aaaa.bbbb"]
)
def test_an_error_page_that_was_not_made_here_is_not_shown(browser, kept):
    page = browser.get(f"/problem/{kept}")
    assert (page.status_code, problem_code(page)) in {(404, "not_found"), (400, "bad_request")}


def test_a_kept_error_page_is_not_shown_for_ever(vinli, local_site):
    site = local_site(vinli.origin)
    with site.browser() as browser:
        page = browser.get("/connect/callback?code=x")
        (address,) = re.findall('data-address="([^"]*)"', page.text)
        site.clock.advance(25 * 3600)
        assert browser.get(address).status_code == 404


def test_problems_of_remote_systems_have_a_technical_cause():
    caused = domain.problems.problem_for(errors.Unreachable("no", cause=errors.Cause.PROXY_UNREACHABLE))
    assert caused.cause == ("The connection failed: proxy unreachable.",)
    assert domain.problems.problem_for(errors.ServerFailed("no", status=503)).cause == (
        "The answer had status 503.",
    )
