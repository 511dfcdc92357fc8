"""The operator looks after the partner APIs: sends calls, reads a tyre by camera, keeps files, adds images."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.support.chromium.launching import PHONE
from tests.support.chromium.photographs import noisy_photograph, photograph

SIDEWALL, TOKENS = "/api/v1/tire-sidewall", "/api/v1/tokens"


@pytest.fixture
def console(operator):
    """The operator, signed in; ``open`` goes to a page of the console."""
    operator.signs_in()
    expect(operator.page).to_have_url(operator.site.url("/operator/devices"))
    return operator


def opens(operator, path):
    operator.page.goto(operator.site.url(path))


def notice(page):
    return page.get_by_role("status")


def chooses(page, picture):
    """Choose a picture, and wait until the script shows what it makes of it."""
    page.get_by_label("Or choose a picture").set_input_files(picture)
    expect(
        page.locator("canvas:not([hidden])").or_(page.get_by_text("cannot be opened as a picture"))
    ).to_be_visible()


def presses(page, name):
    page.get_by_role("button", name=name).click()


# --- the console


def test_the_console_is_reached_from_the_header(console):
    console.page.get_by_role("navigation", name="Main").get_by_role("link", name="Partners").click()
    expect(console.page.get_by_role("heading", level=1)).to_have_text("Partners")
    console.page.get_by_role("link", name="Ayyeka").click()
    expect(console.page.get_by_role("heading", level=1)).to_have_text("Ayyeka")
    expect(console.page.get_by_role("link", name="Partners").first).to_have_attribute("aria-current", "true")


def test_nobody_else_sees_the_console(operator):
    for path in ("/partners", "/partners/anyline", "/partners/instyle/images"):
        opens(operator, path)
        expect(operator.page.get_by_role("heading", level=1)).to_have_text("Operator sign-in")
    expect(operator.page.get_by_role("link", name="Partners")).to_have_count(0)


@pytest.mark.parametrize("title", ["Anyline", "Ayyeka", "Aspose", "instyle.ai"])
def test_the_first_example_of_each_partner_works_by_one_press(console, title):
    opens(console, "/partners")
    console.page.get_by_role("link", name=title).click()
    presses(console.page, f"Send to {title}")
    expect(console.page.get_by_role("region", name="Answer")).to_contain_text("Status 200")
    sent = console.page.get_by_role("region", name="What was sent").inner_text()
    assert re.search(
        r"^(Authorization: Bearer \$\w+_TOKEN|x-api-key: \$INSTYLE_API_KEY)$", sent, re.MULTILINE
    )


def test_an_example_of_another_role_is_chosen_and_sent(console):
    opens(console, "/partners/instyle")
    console.page.get_by_role("link", name="Add two images").click()
    expect(console.page.get_by_label("Role")).to_have_value("admin")
    expect(console.page.get_by_label("Method")).to_have_value("POST")
    expect(console.page.get_by_label("Body")).to_have_value(re.compile("cdn.pixabay.com"))
    # Later tests show what is stored now, and nothing may leave this machine.
    picture = {"url": f"{console.site.sandbox.origin}/instyle/pictures/1.png"}
    console.page.get_by_label("Body").fill(json.dumps([{"id": 1, "file": picture}]))
    presses(console.page, "Send to instyle.ai")
    expect(console.page.get_by_role("region", name="Answer")).to_contain_text("Status 200")
    expect(console.page.get_by_role("region", name="Token of the admin")).to_contain_text("Requests today1")


def test_the_curl_line_is_copied(console, jar):
    jar[0].grant_permissions(["clipboard-read", "clipboard-write"], origin=console.site.origin)
    opens(console, "/partners/ayyeka")
    presses(console.page, "Send to Ayyeka")
    presses(console.page, "Copy the curl line")
    expect(console.page.get_by_role("button", name="Copied")).to_be_visible()
    copied = console.page.evaluate("navigator.clipboard.readText()")
    assert copied == console.page.locator("#curl-text").inner_text()
    assert "$AYYEKA_TOKEN" in copied


def test_what_went_wrong_is_told_beside_the_form_that_is_still_filled_in(console):
    console.site.break_calls("/v2.0/site", status=503)
    opens(console, "/partners/ayyeka")
    console.page.get_by_label("Path").fill("/v2.0/site?changed=1")
    presses(console.page, "Send to Ayyeka")
    expect(console.page.get_by_role("region", name="Answer")).to_contain_text("Ayyeka has a problem")
    expect(console.page.get_by_label("Path")).to_have_value("/v2.0/site?changed=1")


def test_markup_in_an_answer_is_shown_as_text(console):
    hostile = "<img src=x onerror=alert(1)></pre><script>alert(2)</script>"
    console.site.answer("/v2.0/site", json.dumps([{"id": 1, "display_name": hostile}]))
    opens(console, "/partners/ayyeka")
    presses(console.page, "Send to Ayyeka")
    expect(console.page.get_by_role("region", name="What came back")).to_contain_text(hostile)
    opens(console, "/partners/ayyeka/sites")
    expect(console.page.locator("table tbody tr")).to_contain_text(hostile)
    assert console.page.get_by_role("main").locator("img, script").count() == 0


# --- images and files


def test_images_are_shown_and_one_is_added(console):
    opens(console, "/partners/instyle/images")
    pictures = console.page.get_by_role("main").get_by_role("img")
    expect(pictures.first).to_be_visible()
    count = pictures.count()
    drawn = "images => images.every((image) => image.complete && image.naturalWidth > 0)"
    pictures.last.scroll_into_view_if_needed()
    console.page.wait_for_load_state("networkidle")
    assert pictures.evaluate_all(drawn)
    assert set(pictures.evaluate_all("images => images.map((image) => image.referrerPolicy)")) == {
        "no-referrer"
    }
    console.page.get_by_label("Id").fill("4711")
    console.page.get_by_label("Address").fill(pictures.first.get_attribute("src"))
    presses(console.page, "Add the image")
    expect(console.page.get_by_role("main")).to_contain_text("The image is added")
    expect(pictures).to_have_count(count + 1)


def test_pictures_by_plain_http_are_links_alone(console):
    images = [
        {"id": 1, "file": {"url": "http://pictures.example/1.png"}},
        {"id": 2, "file": {"url": "javascript:1"}},
    ]
    console.site.answer("/instyle/images", json.dumps(images))
    opens(console, "/partners/instyle/images")
    main = console.page.get_by_role("main")
    expect(main.get_by_role("img")).to_have_count(0)
    expect(main.get_by_text("Not shown here")).to_have_count(2)
    expect(main.get_by_role("link", name="pictures.example")).to_have_attribute(
        "href", "http://pictures.example/1.png"
    )
    expect(main.locator("a[href^=javascript]")).to_have_count(0)


def test_a_report_is_stored_and_found_among_the_files(console):
    console.rows.first.get_by_role("link").click()
    console.page.get_by_label("Word").check()
    presses(console.page, "Store at Aspose")
    path = console.page.locator(".block-code").inner_text()
    assert path.endswith(".docx")
    console.page.get_by_role("link", name="Files at Aspose").click()
    expect(console.page.get_by_role("row", name=path.removeprefix("/"))).to_be_visible()


def test_a_report_is_downloaded(console):
    console.rows.first.get_by_role("link").click()
    with console.page.expect_download() as download:
        presses(console.page, "Download")
    assert re.fullmatch(
        r"vehicle-report-[0-9a-f-]{36}-\d{4}-\d\d-\d\d\.pdf", download.value.suggested_filename
    )
    with open(download.value.path(), "rb") as file:
        assert file.read(5) == b"%PDF-"


# --- tyres


NOTE_PHOTOGRAPHS = """
const send = window.fetch;
window.photographs = [];
window.fetch = (address, options) => {
  if (options?.body instanceof Blob) window.photographs.push([options.headers["Content-Type"], options.body.size]);
  return send(address, options);
};
"""


def test_a_tyre_is_read_on_a_phone_from_a_picture_larger_than_we_take(console):
    console.page.set_viewport_size(PHONE)
    console.page.add_init_script(NOTE_PHOTOGRAPHS)
    console.rows.first.get_by_role("link").click()
    big = noisy_photograph(3000, 2000)
    assert len(big["buffer"]) > 2 * 1024 * 1024
    chooses(console.page, big)
    expect(console.page.get_by_role("img", name="The picture that is sent")).to_be_visible()
    presses(console.page, "Read the tyre")
    expect(notice(console.page)).to_contain_text("Size")
    [[kind, size]] = console.page.evaluate("window.photographs")
    assert kind == "image/jpeg"
    assert 10_000 < size <= 2 * 1024 * 1024
    assert console.page.locator("canvas").evaluate("c => [c.width, c.height]") == [1600, 1067]


def test_the_camera_can_be_used_in_place_of_a_file(console):
    opens(console, "/partners/anyline")
    camera = console.page.get_by_label("Take a photograph")
    expect(camera).to_have_attribute("capture", "environment")
    expect(camera).to_have_attribute("accept", "image/*")
    chooses(console.page, photograph(name="first.png"))
    camera.set_input_files(photograph(300, 200, name="second.png"))
    expect(console.page.get_by_label("Or choose a picture")).to_have_value("")
    expect(console.page.locator("canvas")).to_have_js_property("width", 300)
    presses(console.page, "Read the tyre")
    expect(notice(console.page)).to_contain_text("Size")


def test_the_token_is_renewed_before_it_ends_and_after_a_refusal(console):
    opens(console, "/partners/anyline")
    console.page.clock.install()
    console.page.reload()
    chooses(console.page, photograph())
    console.page.clock.set_fixed_time(console.page.evaluate("Date.now()") + 250_000)
    with console.page.expect_response(f"**{TOKENS}") as renewal:
        presses(console.page, "Read the tyre")
    assert renewal.value.ok
    expect(notice(console.page)).to_contain_text("Size")
    first = iter([True])

    def refuse_once(route):
        if next(first, False):
            route.fulfill(status=401, json={"error": {"title": "no", "detail": "no", "reference": "x"}})
        else:
            route.continue_()

    console.page.route(f"**{SIDEWALL}", refuse_once)
    with console.page.expect_response(f"**{TOKENS}"):
        presses(console.page, "Read the tyre")
    expect(notice(console.page)).to_contain_text("Size")


def test_after_signing_out_elsewhere_the_page_says_so(console, jar):
    opens(console, "/partners/anyline")
    chooses(console.page, photograph())
    other = jar[0].new_page()
    other.goto(console.site.url("/operator/devices"))
    other.get_by_role("button", name="Sign out").click()
    expect(other).to_have_url(console.site.url("/"))
    presses(console.page, "Read the tyre")
    expect(notice(console.page)).to_contain_text("out of date")


def test_what_cannot_be_opened_as_a_picture_is_not_sent(console, watch):
    opens(console, "/partners/anyline")
    presses(console.page, "Read the tyre")
    expect(notice(console.page)).to_contain_text("No photograph yet")
    chooses(console.page, {"name": "tyre.jpg", "mimeType": "image/jpeg", "buffer": b"not a picture"})
    expect(notice(console.page)).to_contain_text("cannot be opened as a picture")
    presses(console.page, "Read the tyre")
    expect(notice(console.page)).to_contain_text("cannot be opened as a picture")
    assert not [request for request in watch.requests if request.url.endswith(SIDEWALL)]


def test_a_connection_that_breaks_is_told(console, watch):
    watch.allow("net::ERR_FAILED")
    opens(console, "/partners/anyline")
    chooses(console.page, photograph())
    console.page.route(f"**{SIDEWALL}", lambda route: route.abort())
    presses(console.page, "Read the tyre")
    expect(notice(console.page)).to_contain_text("No answer came")
    expect(console.page.get_by_role("button", name="Read the tyre")).to_be_enabled()


def test_markup_in_a_reading_is_shown_as_text(console):
    hostile = "<img src=x onerror=alert(1)>"
    console.site.answer("/v2/tiresidewall", json.dumps({"tireMakeResult": {"text": hostile}}), method="POST")
    opens(console, "/partners/anyline")
    chooses(console.page, photograph())
    presses(console.page, "Read the tyre")
    expect(notice(console.page)).to_contain_text(hostile)
    assert console.page.get_by_role("status").locator("img").count() == 0


def test_a_tyre_is_read_without_javascript(open_browser, site):
    context, _ = open_browser(java_script_enabled=False)
    page = context.new_page()
    page.goto(site.url("/operator"))
    page.get_by_label("Password").fill("operators-own-password")
    page.get_by_role("button", name="Sign in").click()
    page.goto(site.url("/partners/anyline"))
    page.get_by_label("Or choose a picture").set_input_files(photograph())
    presses(page, "Read the tyre")
    expect(page.get_by_role("heading", level=1)).to_have_text("What the tyre says")
    expect(page.get_by_role("main")).to_contain_text("Size")
