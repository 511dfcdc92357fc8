"""The main job by keyboard alone: no step needs a pointer."""

from playwright.sync_api import expect


def tab_to(page, locator):
    """Press Tab until the element has the focus, as somebody does who knows where it is on the page."""
    for _ in range(30):
        if locator.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("the Tab key does not reach it")


def test_a_driver_connects_and_leaves_by_keyboard(driver):
    page = driver.page
    driver.visits("/")
    tab_to(page, page.get_by_role("link", name="Connect your car").first)
    page.keyboard.press("Enter")
    driver.sees("Sign in")
    tab_to(page, page.get_by_label("E-mail"))
    page.keyboard.press("Control+A")
    page.keyboard.type(driver.site.email())
    tab_to(page, page.get_by_label("Password"))
    page.keyboard.press("Control+A")
    page.keyboard.type(driver.site.password)
    page.keyboard.press("Enter")
    expect(driver.approve_button).to_be_visible()
    tab_to(page, driver.approve_button)
    page.keyboard.press("Space")
    driver.sees_garage(cars=3)
    tab_to(page, driver.cards.nth(2).get_by_role("link", name="Show"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Hide the VIN")).to_be_focused()
    driver.visits("/garage")
    tab_to(page, page.get_by_role("button", name="Disconnect"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_contain_text("You are disconnected")


def test_the_first_stop_skips_to_the_content(driver):
    driver.connects()
    driver.visits("/garage")
    driver.page.keyboard.press("Tab")
    expect(driver.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    driver.page.keyboard.press("Enter")
    expect(driver.page.get_by_role("main")).to_be_focused()
    driver.page.keyboard.press("Tab")
    expect(driver.page.get_by_role("button", name="Disconnect")).to_be_focused()


def test_the_help_of_the_landing_page_opens_by_keyboard(driver):
    driver.visits("/")
    summary = driver.page.get_by_text("Vinli did not send you back?")
    tab_to(driver.page, summary)
    driver.page.keyboard.press("Enter")
    expect(driver.page.get_by_text(driver.site.url("/connect/callback"))).to_be_visible()


def test_the_devices_are_searched_and_paged_by_keyboard(operator):
    operator.signs_in()
    page = operator.page
    expect(operator.rows).to_have_count(100)
    tab_to(page, page.get_by_role("searchbox"))
    page.keyboard.type("mystery")
    page.keyboard.press("Enter")
    expect(operator.rows).to_have_count(1)
    tab_to(page, operator.rows.first.get_by_role("link"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Latest vehicle")).to_be_visible()
