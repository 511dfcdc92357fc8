"""What people do to the callback and the consent page: refuse, refresh, go back, click twice, open ten tabs."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.chromium.people import Driver


def test_a_refusal_gets_a_page_of_its_own_and_a_way_back(driver):
    driver.visits("/connect")
    driver.signs_in()
    driver.refuses()
    driver.sees("You did not allow access")
    driver.page.get_by_role("link", name="Connect again").click()
    driver.approves()
    driver.sees_garage(cars=3)


def test_a_refusal_takes_nothing_from_a_connected_driver(driver):
    driver.connects()
    driver.visits("/connect")
    driver.refuses()
    driver.sees("You did not allow access")
    driver.page.get_by_role("link", name="Open my garage").click()
    driver.sees_garage(cars=3)


def test_going_back_and_refreshing_after_success_do_no_harm(driver, watch):
    driver.connects()
    driver.sees_garage(cars=3)
    driver.page.reload()
    driver.sees_garage(cars=3)
    driver.page.go_back()
    driver.page.go_forward()
    driver.sees_garage(cars=3)
    driver.page.goto(callback_url(watch))
    driver.sees_garage(cars=3)
    driver.page.reload()
    driver.sees_garage(cars=3)


def test_approving_the_same_page_twice_leaves_the_driver_connected(driver):
    driver.visits("/connect")
    driver.signs_in()
    driver.approves()
    driver.sees_garage(cars=3)
    driver.page.go_back()
    if driver.approve_button.is_visible():
        driver.approves()
    driver.visits("/garage")
    driver.sees_garage(cars=3)


def test_a_double_click_on_approve_ends_in_the_garage(driver):
    driver.visits("/connect")
    driver.signs_in()
    driver.approve_button.dblclick()
    driver.sees_garage(cars=3)


def test_a_double_click_on_connect_ends_in_the_garage(driver):
    driver.visits("/")
    driver.page.get_by_role("link", name="Connect your car").first.dblclick()
    driver.signs_in()
    driver.approves()
    driver.sees_garage(cars=3)


def test_two_tabs_on_one_callback_both_end_in_the_garage(jar, driver):
    context, _ = jar
    driver.visits("/connect")
    driver.signs_in()
    address = driver.loses_the_way_back()
    # Slow enough that the second tab asks while the first still waits for the token.
    driver.site.break_calls("/oauth/token", method="POST", delay_ms=800)
    tabs = [driver, Driver(context.new_page(), driver.site)]
    for tab in tabs:
        tab.page.evaluate("address => { setTimeout(() => location.assign(address)) }", address)
    for tab in tabs:
        tab.sees_garage(cars=3)
    exchanges = [entry for entry in driver.site.requests() if entry["path"] == "/oauth/token"]
    assert len(exchanges) == 1


def test_ten_tabs_started_together_all_end_in_the_garage_in_any_order(jar, site):
    context, _ = jar
    first = Driver(context.new_page(), site)
    first.visits("/connect")
    first.signs_in()
    tabs = [first] + [Driver(context.new_page(), site) for _ in range(9)]
    for tab in tabs[1:]:
        tab.visits("/connect")
    for tab in tabs[::2] + tabs[::-2]:
        tab.approves()
        tab.sees_garage(cars=3)


@pytest.mark.parametrize(
    ("query", "heading"),
    [
        ("", "Nothing came back with you"),
        ("?code=abc", "We cannot tell that you began this"),
        ("?code=abc&state=made-up", "We do not know this sign-in"),
        ("?code=abc&code=def&state=made-up", "This address is damaged"),
        ("?error=access_denied&state=made-up", "We do not know this sign-in"),
        ("?error=%3Cscript%3Ealert(1)%3C/script%3E&state=%3Cb%3E", "We do not know this sign-in"),
    ],
)
def test_a_callback_that_is_not_ours_is_explained(driver, query, heading):
    driver.visits(f"/connect/callback{query}")
    driver.sees(heading)
    expect(driver.page.get_by_text(re.compile(r"^[B-Z2-9]{4}-[B-Z2-9]{4}-[B-Z2-9]{4}$"))).to_be_visible()
    driver.page.get_by_role("link", name="Connect again").click()
    expect(driver.page).to_have_url(re.compile(f"^{driver.site.sandbox.origin}/"))


@pytest.mark.parametrize(
    "query", ["?code=secret-code", "?code=secret-code&state=made-up", "?error=server_error"]
)
def test_an_error_page_survives_a_reload_and_keeps_no_code_in_the_address(driver, query):
    page = driver.page
    driver.visits(f"/connect/callback{query}")
    expect(page).to_have_url(re.compile("/problem/"))
    assert "secret-code" not in page.url
    main = page.get_by_role("main").inner_text()
    assert re.search("[B-Z2-9]{4}-[B-Z2-9]{4}-[B-Z2-9]{4}", main)
    response = page.reload()
    assert response.status == 400
    assert page.get_by_role("main").inner_text() == main
    page.get_by_role("link", name="Connect again").click()
    expect(page).to_have_url(re.compile(f"^{driver.site.sandbox.origin}/"))
    page.go_back()
    assert page.get_by_role("main").inner_text() == main


def test_an_attempt_of_another_browser_is_not_taken_over(open_browser, site):
    victim, attacker = (Driver(open_browser()[0].new_page(), site) for _ in range(2))
    attacker.visits("/connect")
    attacker.signs_in()
    victim.page.goto(attacker.loses_the_way_back())
    victim.sees("This sign-in began in another browser")
    victim.visits("/garage")
    victim.sees("Connect your car first")


def test_an_upstream_error_code_is_shown_as_text(driver):
    driver.visits("/connect")
    driver.signs_in()
    body = '{"error": "<b>bad</b>", "error_description": "<script>alert(1)</script>"}'
    driver.site.answer("/oauth/token", body, method="POST", status=400)
    driver.approves()
    driver.sees("Vinli refused the sign-in")
    assert "alert(1)" not in driver.page.content()
    assert driver.page.get_by_role("main").locator("b, script").count() == 0


def callback_url(watch):
    return next(request.url for request in watch.requests if "/connect/callback?" in request.url)
