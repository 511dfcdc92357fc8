"""A driver connects a car: from the landing page to the garage, and out again."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.chromium.people import Driver


@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_driver_connects_looks_around_and_leaves(open_browser, site, viewport, has_scripts):
    context, _ = open_browser(viewport=viewport, java_script_enabled=has_scripts)
    driver = Driver(context.new_page(), site)
    page = driver.page

    driver.visits("/")
    driver.presses_connect()
    expect(page).to_have_url(re.compile(f"^{site.sandbox.origin}/"))
    driver.signs_in()
    driver.approves()
    driver.sees_garage(cars=3)
    expect(page.get_by_role("main")).to_contain_text(site.email())

    vin = re.compile(r"[A-HJ-NPR-Z0-9]{17}\b")
    expect(page.get_by_role("main")).not_to_contain_text(vin)
    assert not vin.search(page.content())
    driver.cards.first.get_by_role("link", name="Show").click()
    expect(page.get_by_role("main")).to_contain_text(vin)
    if has_scripts:
        expect(page).to_have_url(re.compile("/garage$"))
        expect(page.get_by_role("link", name="Hide the VIN")).to_be_focused()
    else:
        expect(page).to_have_url(re.compile("/garage/devices/.*vin=show$"))
    page.get_by_role("link", name="Hide").click()
    expect(page.get_by_role("main")).not_to_contain_text(vin)
    assert not vin.search(page.content())
    driver.visits("/garage")
    driver.disconnects()
    page.go_back()
    expect(page.get_by_role("main")).not_to_contain_text(site.email())
    expect(page.get_by_role("link", name="Connect", exact=True)).to_be_visible()


def test_a_vin_is_copied_where_it_stands(open_browser, site):
    context, _ = open_browser()
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.origin)
    driver = Driver(context.new_page(), site)
    driver.connects()
    driver.cards.first.get_by_role("link", name="Show").click()
    copy = driver.cards.first.get_by_role("button", name="Copy the VIN")
    copy.click()
    expect(driver.cards.first.get_by_role("button", name="Copied")).to_be_visible()
    copied = driver.page.evaluate("navigator.clipboard.readText()")
    assert copied == driver.cards.first.locator(".plate__text").inner_text()
    assert re.fullmatch("[A-HJ-NPR-Z0-9]{17}", copied)


def another_page(route):
    """Answer a script with a page that has no VIN, as if the driver had been disconnected meanwhile."""
    if route.request.resource_type == "fetch":
        route.fulfill(body="<!doctype html><title>Hi</title>", content_type="text/html")
    else:
        route.continue_()


def test_a_vin_that_cannot_be_fetched_is_asked_for_on_its_page(driver):
    driver.connects()
    driver.page.route("**/*vin=show", another_page)
    driver.cards.first.get_by_role("link", name="Show").click()
    expect(driver.page).to_have_url(re.compile("/garage/devices/.*vin=show$"))


def test_the_landing_page_knows_a_connected_driver(driver):
    driver.connects()
    driver.visits("/")
    driver.page.get_by_role("link", name="Open my garage").click()
    driver.sees_garage(cars=3)


def test_a_device_page_tells_what_is_known_of_the_car(driver):
    driver.connects()
    title = driver.cards.first.get_by_role("heading").inner_text()
    driver.cards.first.get_by_role("heading").get_by_role("link").click()
    driver.sees(title)
    expect(driver.page.get_by_role("main")).to_contain_text("Mystery Machine")
    expect(
        driver.page.get_by_role("definition").filter(has_text=re.compile(r"^VV[0-9A-F]{10}$"))
    ).to_be_visible()


def test_the_driver_comes_back_to_the_page_that_asked_to_connect(driver):
    driver.connects("/connect?next=/implicit")
    expect(driver.page).to_have_url(driver.site.url("/implicit"))


def test_a_page_of_the_garage_leads_through_the_flow_and_back_to_itself(driver):
    driver.connects()
    url = driver.cards.first.get_by_role("heading").get_by_role("link").get_attribute("href")
    driver.disconnects()
    driver.visits(url)
    driver.sees("Connect your car first")
    driver.page.get_by_role("link", name="Connect", exact=True).click()
    driver.approves()
    expect(driver.page).to_have_url(driver.site.url(url))


def test_times_are_shown_in_the_readers_own_zone(open_browser, site):
    context, _ = open_browser(timezone_id="Asia/Tokyo")
    driver = Driver(context.new_page(), site)
    driver.connects()
    expect(driver.cards.first.get_by_role("time")).to_contain_text("GMT+9")
    expect(driver.cards.first.get_by_role("time")).to_have_attribute("title", re.compile("UTC$"))


def test_one_car_that_fails_says_so_on_its_card_alone(driver):
    driver.connects()
    path = driver.cards.nth(1).get_by_role("heading").get_by_role("link").get_attribute("href")
    driver.site.break_calls(f"/api/v1/devices/{path.rpartition('/')[2]}/vehicles/_latest", status=500)
    driver.visits("/garage")
    driver.sees_garage(cars=3)
    expect(driver.page.get_by_text("Vinli did not tell us")).to_have_count(1)
    driver.site.clear_faults()
    driver.cards.nth(1).get_by_role("link", name="Try again").click()
    expect(driver.page.get_by_text("Vinli did not tell us")).to_have_count(0)


def test_a_list_that_fails_leaves_the_driver_connected(driver):
    driver.connects()
    driver.site.break_calls("/api/v1/devices", status=500)
    driver.visits("/garage")
    expect(driver.page.get_by_role("main")).to_contain_text("You are still connected")
    expect(driver.page.get_by_role("button", name="Disconnect")).to_be_visible()
    driver.site.clear_faults()
    driver.page.get_by_role("link", name="Try again").click()
    driver.sees_garage(cars=3)


def test_a_withdrawn_permission_leads_to_connecting_again(page, site):
    driver = Driver(page, site, number=1)
    driver.connects()
    site.revoke(number=1)
    driver.visits("/garage")
    driver.sees("Vinli asks you to connect again")
    driver.page.get_by_role("link", name="Connect", exact=True).click()
    driver.approves()
    driver.sees_garage(cars=1)


def test_markup_in_names_is_shown_as_text(driver):
    hostile = '<img src=x onerror="alert(1)"><script>alert(2)</script> & "co"'
    driver.site.name_devices([hostile])
    driver.connects()
    driver.sees_garage(cars=1)
    expect(driver.cards.first).to_contain_text(hostile)
    assert driver.page.get_by_role("main").locator("img, script").count() == 0
