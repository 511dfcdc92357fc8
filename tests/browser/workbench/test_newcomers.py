"""Newcomers whose sign-in does not work mend it with the words of the pages alone."""

import re

from playwright.sync_api import expect

from tests.support.app_process import OPERATOR_PASSWORD
from tests.support.chromium.people import Driver
from tests.support.chromium.sites import Site


def test_a_newcomer_mends_a_slash_too_much_with_the_words_of_the_pages_alone(open_browser):
    with Site("--redirect-uri", "{app}/connect/callback/") as site:
        page = open_browser()[0].new_page()
        newcomer = Driver(page, site)
        newcomer.visits("/")
        newcomer.presses_connect()
        expect(page).to_have_url(re.compile(f"^{re.escape(site.sandbox.origin)}/"))
        newcomer.sees("This request cannot go on")
        page.go_back()

        page.get_by_text("Vinli did not send you back?").click()
        page.get_by_role("group").get_by_role("link", name="workbench").click()
        newcomer.sees("Operator sign-in")
        page.get_by_label("Password").fill(OPERATOR_PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page).to_have_url(site.url("/workbench"))

        main = page.get_by_role("main")
        expect(main).to_contain_text("One thing is wrong")
        wrong = main.locator(".finding--problem, .finding--warning")
        expect(wrong).to_have_count(1)
        expect(wrong).to_contain_text("A slash at the end")
        todo = wrong.locator(".finding__todo").inner_text()
        assert todo.startswith(
            "Do this: In Vinli’s Developer Portal, change the path of the registered redirect URI"
        )
        whole = re.search(r"The whole of it has to be (\S+)$", todo).group(1)
        client_id = wrong.locator("dt:text-is('Client') + dd").inner_text()

        page.get_by_role("link", name="its start page").click()
        registered = page.get_by_role("main").locator("form").filter(has_text=client_id)
        registered.get_by_label("Redirect URI").fill(whole)
        registered.get_by_role("button", name="Save").click()
        expect(page).to_have_url(f"{site.sandbox.origin}/#registered")

        newcomer.visits("/workbench")
        expect(main).to_contain_text("Nothing is wrong")
        expect(wrong).to_have_count(0)
        newcomer.visits("/")
        newcomer.presses_connect()
        newcomer.signs_in()
        newcomer.approves()
        newcomer.sees_garage(cars=3)


def goes_to_the_doctor(newcomer):
    """Follow the links from the start page to the doctor, signing in as the operator on the way."""
    page = newcomer.page
    newcomer.visits("/")
    page.get_by_text("Vinli did not send you back?").click()
    page.get_by_role("group").get_by_role("link", name="workbench").click()
    page.get_by_label("Password").fill(OPERATOR_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(newcomer.site.url("/workbench"))


def the_only_problem(page, title):
    """Return the one finding that is wrong, which has this title."""
    wrong = page.get_by_role("main").locator(".finding--problem, .finding--warning")
    expect(wrong).to_have_count(1)
    expect(wrong).to_contain_text(title)
    return wrong


def sets(site, **variables):
    """Change settings of the installation and start it anew, as its owner would."""
    site.app.stop()
    site.app.variables |= variables
    site.app.start()


def connects_at_last(newcomer):
    newcomer.visits("/workbench")
    expect(newcomer.page.get_by_role("main")).to_contain_text("Nothing is wrong")
    newcomer.connects()
    newcomer.sees_garage(cars=3)


def test_the_client_id_of_staging_is_replaced_by_the_one_that_the_doctor_offers(open_browser):
    staging = ("--redirect-uri", "https://staging.example.com/connect/callback")
    ours = ("--workbench-redirect-uri", "{app}/connect/callback")
    none = {"VINLI_WORKBENCH_CLIENT_ID": "", "VINLI_WORKBENCH_CLIENT_SECRET": ""}
    with Site(*staging, *ours, **none) as site:
        context, _ = open_browser()
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.origin)
        newcomer = Driver(context.new_page(), site)
        newcomer.visits("/connect")
        newcomer.sees("This request cannot go on")
        goes_to_the_doctor(newcomer)
        found = the_only_problem(newcomer.page, "Another client has this redirect URI")
        expect(found.locator(".finding__todo")).to_contain_text("Set VINLI_CLIENT_ID to")
        found.get_by_role("button", name="Copy the right value").click()
        copied = newcomer.page.evaluate("navigator.clipboard.readText()")
        # The sandbox prints the secret of each client at its start.
        secret = site.sandbox.credentials["workbench_client_secret"]
        sets(site, VINLI_CLIENT_ID=copied, VINLI_CLIENT_SECRET=secret)
        connects_at_last(newcomer)


def test_a_driver_reads_out_the_reference_and_the_operator_finds_the_wrong_secret(open_browser):
    with Site(VINLI_CLIENT_SECRET="not-the-right-one") as site:
        newcomer = Driver(open_browser()[0].new_page(), site)
        page = newcomer.page
        newcomer.visits("/connect")
        newcomer.signs_in()
        newcomer.approves()
        newcomer.sees("Vinli refused the sign-in")
        expect(page.get_by_role("link", name="Connect again")).to_have_count(0)
        reference = page.locator(".problem__reference code").inner_text()

        goes_to_the_doctor(newcomer)
        page.get_by_role("link", name="Traces").click()
        page.get_by_label("Reference").fill(reference)
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("main")).to_contain_text("Failed here")
        expect(page.get_by_role("main")).to_contain_text("VINLI_CLIENT_SECRET")
        page.get_by_role("link", name="Doctor").click()
        found = the_only_problem(page, "Client secret is wrong")
        expect(found.locator(".finding__todo")).to_contain_text(
            "Set VINLI_CLIENT_SECRET to the secret of the client"
        )
        sets(site, VINLI_CLIENT_SECRET=site.sandbox.credentials["client_secret"])
        newcomer.visits("/workbench")
        expect(page.get_by_role("main")).to_contain_text("Nothing is wrong")
        newcomer.visits("/connect")
        newcomer.approves()
        newcomer.sees_garage(cars=3)


def test_pkce_that_is_off_and_required_is_switched_on(open_browser):
    with Site("--pkce", "required", VINLI_PKCE="off") as site:
        newcomer = Driver(open_browser()[0].new_page(), site)
        newcomer.visits("/connect")
        newcomer.sees("This request cannot go on")
        goes_to_the_doctor(newcomer)
        found = the_only_problem(newcomer.page, "PKCE is required")
        todo = found.locator(".finding__todo").inner_text()
        name, _, value = todo.removeprefix("Do this: Set ").partition("=")
        sets(site, **{name: value})
        connects_at_last(newcomer)
