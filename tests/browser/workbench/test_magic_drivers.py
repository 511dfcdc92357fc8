"""Every magic driver of the sandbox leads to the page that the workbench promises, walked by hand in a browser."""

import re

import pytest
from playwright.sync_api import expect

from blueprints.workbench.expected_pages import EXPECTED_PAGES
from tests.support.chromium.people import Driver, Operator
from tests.support.chromium.scenes import cookie_jars

ERROR_CODES = {
    "denies": "access_denied",
    "server-error": "server_error",
    "expired-code": "invalid_grant",
    "used-code": "invalid_grant",
    "wrong-verifier": "invalid_grant",
    "invalid-client": "invalid_client",
    "token-empty": None,
}
# The callbacks that fail. At the sandbox's own page and in the garage there is no such page of ours.
FAILING = [
    name
    for name, promise in EXPECTED_PAGES.items()
    if promise.status >= 400 and name not in {"error-in-body", "devices-500"}
]
# What names that attack would become, were they not text.
MADE_OF_NAMES = "script, img, b, i, [onerror], [onload], [onmouseover], [onfocus]"


@pytest.fixture(scope="module")
def operators_jar(browser, shared_site):
    return cookie_jars(browser, shared_site, {"operator"})["operator"]


@pytest.fixture
def operator(open_browser, site, operators_jar):
    """The operator, signed in, in a browser of their own."""
    return Operator(open_browser(storage_state=operators_jar)[0].new_page(), site)


@pytest.fixture(scope="module")
def listed(browser, shared_site, operators_jar):
    """What the workbench says of each magic driver, by name: (e-mail, status, heading), None for what it leaves out."""
    context = browser.new_context(storage_state=operators_jar)
    page = context.new_page()
    page.goto(shared_site.url("/workbench/drivers"))
    found = {row.get_attribute("data-name"): read(row) for row in page.locator("tr[data-name]").all()}
    context.close()
    return found


@pytest.fixture
def driver(page, site, listed):
    return MagicDriver(page, site, listed)


def test_the_workbench_lists_every_magic_driver_with_its_promise(listed):
    assert list(listed) == list(EXPECTED_PAGES)
    for name, (email, status, heading) in listed.items():
        promise = EXPECTED_PAGES[name]
        assert email == f"{name}@magic.example.com"
        assert (status, heading) == (
            (str(promise.status), promise.heading) if promise.heading else (None, None)
        )


@pytest.mark.parametrize("name", EXPECTED_PAGES)
def test_it_leads_to_the_page_that_is_promised_and_its_trace_is_found(driver, operator, listed, name):
    _, status, heading = listed[name]
    answer = driver.connects_as(name)
    if heading is None:
        assert driver.page.url.startswith(driver.site.sandbox.origin)
        assert answer.status == EXPECTED_PAGES[name].status
        return
    assert driver.page.url.startswith(driver.site.origin)
    assert answer.status == int(status)
    expect(driver.main.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    if name in ERROR_CODES:
        assert driver.error_code() == ERROR_CODES[name]
    if name in FAILING:
        operator.page.goto(operator.site.url(f"/workbench/traces?reference={driver.reference()}"))
        expect(operator.page).to_have_url(re.compile("/workbench/traces/[^/?]+$"))
        expect(operator.page.locator(".rung--failed")).to_have_count(1)
        expect(operator.page.locator(".rung--failed")).to_contain_text("Failed here")
        expect(operator.page.get_by_role("main")).to_contain_text(driver.reference())


def test_an_error_in_the_sandboxs_own_page_leaves_an_open_trace(driver, operator):
    driver.connects_as("error-in-body")
    operator.page.goto(operator.site.url("/workbench/traces"))
    operator.page.get_by_role("row", name="Sign-in").first.get_by_role("link").click()
    expect(operator.page.get_by_role("heading", level=1)).to_have_text("A sign-in: nobody came back yet")
    expect(operator.page.get_by_role("heading", name="Nobody came back", exact=True)).to_be_visible()


def test_a_garage_whose_devices_fail_says_so_and_keeps_the_driver_connected(driver):
    driver.connects_as("devices-500")
    driver.sees("Your garage")
    expect(driver.main).to_contain_text("Your cars could not be loaded")
    expect(driver.main).to_contain_text("You are still connected.")
    expect(driver.page.get_by_role("button", name="Disconnect")).to_be_visible()


def test_two_thousand_devices_are_84_pages_and_all_can_be_turned(driver):
    driver.connects_as("many-devices")
    pages = driver.page.get_by_role("navigation", name="Pages")
    expect(pages).to_contain_text("Page 1 of 84")
    expect(driver.cars).to_have_count(24)
    driver.visits("/garage?page=84")
    expect(pages).to_contain_text("Page 84 of 84")
    expect(driver.cars).to_have_count(8)


def test_hostile_names_are_text_on_every_page(driver):
    """A script that ran, a dialog or a blocked handler would fail the watch or the count of elements."""
    dialogs = []
    driver.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    driver.connects_as("hostile-names")
    expect(driver.cars).to_have_count(16)
    expect(driver.main).to_contain_text("<script>alert('device')</script>")
    expect(driver.main).to_contain_text("<script>alert('first name')</script>")
    assert driver.main.locator(MADE_OF_NAMES).count() == 0
    links = driver.cars.get_by_role("heading").get_by_role("link")
    for address in [link.get_attribute("href") for link in links.all()]:
        driver.visits(address)
        expect(driver.page.get_by_role("heading", level=1)).to_be_visible()
        assert driver.main.locator(MADE_OF_NAMES).count() == 0
    assert dialogs == []


class MagicDriver(Driver):
    """A driver for whom something goes wrong; ``listed`` is where the workbench says how to sign in."""

    def __init__(self, page, site, listed):
        super().__init__(page, site)
        self.listed = listed

    def connects_as(self, name):
        """Connect by hand; return the answer that the browser ends on."""
        self.visits("/connect")
        self.signs_in(self.listed[name][0])
        expect(self.approve_button).to_be_visible()
        with self.page.expect_navigation() as arrival:
            self.approves()
        return arrival.value

    @property
    def main(self):
        return self.page.get_by_role("main")

    @property
    def cars(self):
        return self.main.locator(".cards").get_by_role("listitem")

    def reference(self):
        return self.page.locator(".problem__reference code").inner_text()

    def error_code(self):
        """The error code that the page shows, None when it shows none."""
        code = self.page.locator(".problem__facts div").filter(has_text="Error code").locator("code")
        return code.text_content() if code.count() else None


def read(row):
    texts = (row.locator(f"[data-part={part}]") for part in ("status", "heading"))
    return row.get_by_role("rowheader").inner_text(), *(
        text.inner_text() if text.count() else None for text in texts
    )
