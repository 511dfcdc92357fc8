"""The back button after leaving: in a browser that keeps whole pages for it, as people's browsers do."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.chromium.implicit import BrowserFlow
from tests.support.chromium.launching import launch, open_context
from tests.support.chromium.people import Driver, Operator


@pytest.fixture
def browser(playwright):
    running = launch(playwright, keeps_pages=True)
    yield running
    running.close()


@pytest.fixture
def page(browser):
    context, watch = open_context(browser)
    yield context.new_page()
    assert watch.problems == []


def goes_back(page):
    # A kept page is not loaded again, so there is no load to wait for.
    page.go_back(wait_until="commit")


def test_the_browser_does_keep_pages(site, page):
    page.goto(site.url("/"))
    page.evaluate("addEventListener('pageshow', (event) => { document.title = `kept: ${event.persisted}` })")
    page.goto(site.url("/implicit"))
    goes_back(page)
    expect(page).to_have_title("kept: true")


def test_no_car_is_seen_after_disconnecting(site, page):
    driver = Driver(page, site)
    driver.connects()
    driver.sees_garage(cars=3)
    driver.disconnects()
    goes_back(page)
    driver.sees("Connect your car first")
    expect(page.get_by_role("main")).not_to_contain_text(site.email())


def test_no_device_is_seen_after_signing_out(site, page):
    operator = Operator(page, site)
    operator.signs_in()
    expect(operator.rows).to_have_count(100)
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(site.url("/"))
    goes_back(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Operator sign-in")
    expect(operator.rows).to_have_count(0)


def test_the_cars_of_one_driver_are_not_seen_by_the_next(site, page):
    first, second = Driver(page, site), Driver(page, site, number=1)
    first.connects()
    first.sees_garage(cars=3)
    second.signs_out_of_the_sandbox()
    second.connects()
    second.sees_garage(cars=1)
    page.evaluate("history.go(-3)")
    second.sees_garage(cars=1)
    expect(page.get_by_role("main")).not_to_contain_text(site.email(0))


def test_the_token_is_forgotten_when_the_page_of_the_implicit_flow_is_left(site, page):
    flow = BrowserFlow(page, site)
    flow.goes_through()
    expect(flow.devices.get_by_role("listitem")).to_have_count(3)
    flow.visits("/")
    goes_back(flow.page)
    flow.is_told(re.compile("Forgotten|Nothing came back"))
    assert site.email() not in flow.page.content()
