"""Two drivers share one browser: nothing of the first is seen or done once the second has connected."""

from playwright.sync_api import expect

from tests.support.chromium.people import Driver


def test_the_open_tab_of_one_driver_cannot_act_on_the_session_of_the_next(jar, driver):
    context, _ = jar
    driver.connects()
    driver.sees_garage(cars=3)
    other = Driver(context.new_page(), driver.site, number=1)
    other.signs_out_of_the_sandbox()
    other.connects()
    other.sees_garage(cars=1)

    driver.page.get_by_role("button", name="Disconnect").click()
    driver.sees("This page was out of date")
    other.page.reload()
    other.sees_garage(cars=1)
    driver.visits("/garage")
    expect(driver.page.get_by_role("main")).to_contain_text(driver.site.email(1))
    expect(driver.page.get_by_role("main")).not_to_contain_text(driver.site.email(0))


def test_the_devices_of_one_driver_are_not_there_for_the_other(jar, driver):
    context, _ = jar
    driver.connects()
    url = driver.cards.first.get_by_role("heading").get_by_role("link").get_attribute("href")
    other = Driver(context.new_page(), driver.site, number=1)
    other.signs_out_of_the_sandbox()
    other.connects()
    other.visits(url)
    expect(other.page.get_by_role("heading", level=1)).not_to_contain_text("Mystery")
    expect(other.page.get_by_role("main")).not_to_contain_text("Mystery Machine")


def test_a_form_of_before_the_driver_connected_does_nothing(jar, site, driver, operator):
    context, _ = jar
    operator.page = context.new_page()
    operator.page.goto(site.url("/operator"))
    driver.connects()
    operator.page.get_by_label("Password").fill("operators-own-password")
    operator.page.get_by_role("button", name="Sign in").click()
    expect(operator.page.get_by_role("heading", level=1)).to_have_text("This page was out of date")
    driver.page.reload()
    driver.sees_garage(cars=3)
