"""The operator signs in, walks and searches the list of all devices, takes it away as CSV, and leaves."""

import csv
import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests.support.app_process import ROOT
from tests.support.chromium.people import Operator


def make_link(site):
    command = [sys.executable, "-m", "flask", "--app", "app", "operator", "link"]
    done = subprocess.run(
        command, cwd=ROOT, env=site.app.environment(), capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_link_signs_in_once(open_browser, site):
    first, second = (Operator(open_browser()[0].new_page(), site) for _ in range(2))
    link = make_link(site)
    first.page.goto(link)
    first.page.get_by_role("button", name="Sign in").click()
    expect(first.page).to_have_url(site.url("/operator/devices"))
    expect(first.rows).to_have_count(100)
    second.page.goto(link)
    expect(second.page.get_by_role("heading", level=1)).to_have_text("This link has been used")
    second.page.get_by_role("link", name="Sign in", exact=True).click()
    expect(second.page.get_by_label("Password")).to_be_visible()
    first.page.reload()
    expect(first.rows).to_have_count(100)


def test_a_wrong_password_is_told_and_the_right_one_works(operator):
    operator.signs_in("not the password")
    expect(operator.page.get_by_label("Password")).to_have_attribute("aria-invalid", "true")
    expect(operator.page.get_by_label("Password")).to_have_accessible_description(
        "That is not the operator’s password."
    )
    expect(operator.page.get_by_label("Password")).to_be_focused()
    operator.signs_in()
    expect(operator.page).to_have_url(operator.site.url("/operator/devices"))


@pytest.mark.parametrize("path", ["/operator/devices", "/operator/devices?all=1", "/operator/devices.csv"])
def test_nobody_gets_in_without_signing_in(operator, path):
    operator.page.goto(operator.site.url(path))
    expect(operator.page.get_by_role("heading", level=1)).to_have_text("Operator sign-in")


def test_the_list_is_walked_page_by_page(operator):
    operator.signs_in()
    seen = []
    for number, count in ((1, 100), (2, 100), (3, 50)):
        expect(operator.page.get_by_role("navigation", name="Pages")).to_contain_text(f"Page {number} of 3")
        expect(operator.rows).to_have_count(count)
        seen += operator.rows.locator("code").filter(has_text="-").all_inner_texts()
        if number < 3:
            operator.page.get_by_role("link", name="Next").click()
    assert len(set(seen)) == 250
    expect(operator.page.get_by_role("link", name="Next")).to_have_count(0)
    operator.page.get_by_role("link", name="Previous").click()
    expect(operator.page.get_by_role("navigation", name="Pages")).to_contain_text("Page 2 of 3")


def test_matches_are_shown_while_the_rest_is_still_being_fetched(operator):
    operator.signs_in()
    operator.site.break_calls("/api/v1/devices", query={"offset": "200"}, delay_ms=3000)
    operator.searches("mystery")
    expect(operator.rows).to_have_count(1)
    expect(operator.page.get_by_text("complete only when a line under it says so")).to_be_visible()
    expect(operator.page.get_by_role("status")).to_have_count(0)
    expect(operator.page.get_by_role("status")).to_have_text(
        "The whole list was searched: 1 of 250 devices match."
    )
    expect(operator.page.get_by_text("complete only when a line under it says so")).to_be_hidden()
    expect(operator.page.get_by_role("searchbox")).to_have_value("mystery")
    operator.page.get_by_role("link", name="Clear the search").click()
    expect(operator.rows).to_have_count(100)


def test_a_device_is_found_by_its_id(operator):
    operator.signs_in()
    device_id = operator.rows.nth(7).locator("code").first.inner_text()
    operator.searches(device_id)
    expect(operator.rows).to_have_count(1)
    expect(operator.rows).to_contain_text(device_id)


def test_a_search_without_a_match_says_so(operator):
    operator.signs_in()
    operator.searches("<b>no such car</b>")
    expect(operator.page.get_by_role("status")).to_have_text(
        "The whole list was searched: 0 of 250 devices match."
    )
    expect(operator.page.get_by_text("<b>no such car</b>").first).to_be_visible()


def test_the_whole_list_arrives_in_one_table(operator):
    operator.signs_in()
    operator.page.get_by_role("link", name="All in one list").click()
    expect(operator.page.get_by_role("status")).to_have_text("The list is complete: 250 devices.")
    expect(operator.rows).to_have_count(250)


@pytest.mark.parametrize("query", ["all=1", "q=e"])
def test_a_list_that_breaks_off_is_unmistakably_incomplete(operator, jar, watch, query):
    watch.allow("ERR_INCOMPLETE_CHUNKED_ENCODING")
    operator.signs_in()
    expect(operator.rows).to_have_count(100)
    operator.site.break_calls("/api/v1/devices", query={"offset": "200"}, status=500)
    # On a slow machine much is received and not yet read when the transfer breaks.
    jar[0].new_cdp_session(operator.page).send("Emulation.setCPUThrottlingRate", {"rate": 2})
    operator.page.goto(operator.site.url(f"/operator/devices?{query}"), wait_until="commit")
    expect(operator.page.get_by_role("status")).to_contain_text("This list is incomplete.")
    expect(operator.page.get_by_text("This list is incomplete. Its end says why.")).to_be_visible()
    assert operator.rows.count() > 100


def test_the_list_is_downloaded_as_csv(operator):
    operator.signs_in()
    with operator.page.expect_download() as download:
        operator.page.get_by_role("link", name="Download CSV").click()
    assert download.value.suggested_filename == "devices.csv"
    with open(download.value.path(), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 250
    assert rows[0]["name"] == "Mystery Machine"


def test_a_device_is_shown_with_its_vehicle_and_the_vin_on_request(operator):
    operator.signs_in()
    operator.rows.first.get_by_role("link").click()
    expect(operator.page.get_by_role("region", name="Device")).to_contain_text("Mystery Machine")
    vin = re.compile(r"[A-HJ-NPR-Z0-9]{17}\b")
    assert not vin.search(operator.page.get_by_role("region", name="Latest vehicle").inner_text())
    operator.page.get_by_role("link", name="Show").click()
    expect(operator.page.get_by_role("region", name="Latest vehicle")).to_contain_text(vin)
    operator.page.get_by_role("link", name="Devices of the app").click()
    expect(operator.rows).to_have_count(100)


def test_markup_in_names_is_shown_as_text(operator):
    hostile = "<img src=x onerror=alert(1)>"
    operator.site.name_devices([hostile])
    operator.signs_in()
    expect(operator.rows.first).to_contain_text(hostile)
    operator.page.get_by_role("link", name="All in one list").click()
    expect(operator.page.get_by_role("status")).to_have_text("The list is complete: 1 device.")
    expect(operator.rows.first).to_contain_text(hostile)
    assert operator.page.get_by_role("main").locator("img").count() == 0


def test_after_signing_out_the_back_button_shows_no_device(operator):
    operator.signs_in()
    expect(operator.rows).to_have_count(100)
    operator.page.get_by_role("button", name="Sign out").click()
    expect(operator.page).to_have_url(operator.site.url("/"))
    operator.page.go_back()
    expect(operator.page.get_by_role("heading", level=1)).to_have_text("Operator sign-in")
    expect(operator.rows).to_have_count(0)
