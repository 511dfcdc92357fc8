"""One Chromium and one running site for each test process, one cookie jar under watch for each test."""

import os

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.support.chromium.launching import DESKTOP, EXECUTABLE, PHONE, TIMEOUT_MS, launch, open_context
from tests.support.chromium.people import Driver, Operator
from tests.support.chromium.sites import Site

expect.set_options(timeout=TIMEOUT_MS)


def pytest_collection_modifyitems(items):
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def playwright():
    if EXECUTABLE is None:
        reason = "Chromium is not installed (Debian: apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright):
    running = launch(playwright)
    yield running
    running.close()


@pytest.fixture(scope="session")
def shared_site():
    with Site() as site:
        yield site


@pytest.fixture
def site(shared_site):
    """The site as a test finds it: nothing broken, and nothing stays broken after it."""
    yield shared_site
    shared_site.clear_faults()


@pytest.fixture
def open_browser(browser):
    """Open cookie jars; each returns (context, watch), and a page that misbehaves in any of them fails the test."""
    opened = []

    def open_one(**options):
        opened.append(open_context(browser, **options))
        return opened[-1]

    yield open_one
    found = [problem for _, watch in opened for problem in watch.problems]
    for context, _ in opened:
        context.close()
    assert found == []


@pytest.fixture
def jar(open_browser):
    """One cookie jar and its watch."""
    return open_browser()


@pytest.fixture
def page(jar):
    return jar[0].new_page()


@pytest.fixture
def watch(jar):
    return jar[1]


@pytest.fixture
def driver(page, site):
    return Driver(page, site)


@pytest.fixture
def operator(page, site):
    return Operator(page, site)


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def viewport(request):
    return request.param
