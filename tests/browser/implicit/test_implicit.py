"""The implicit flow: everything happens in the browser, and the token stays in the memory of one page."""

import pytest
from playwright.sync_api import expect

from tests.support.chromium.implicit import REMEMBER, BrowserFlow
from tests.support.chromium.sites import Site

# What of the browser could keep or show a token, apart from the memory of the page.
EVERYTHING_KEPT = """() => JSON.stringify([
  location.href, document.title, document.cookie, document.documentElement.outerHTML, history.state,
  Object.entries(localStorage), Object.entries(sessionStorage),
  navigation.entries().map((entry) => [entry.url, entry.getState()]), Object.keys(window),
])"""

REMEMBER_LONG_AGO = """
import("/static/js/implicit/attempts.js").then((attempts) => attempts.remember(Date.now() - 10 * 60 * 1000 - 1))
"""
# Playwright's own waiting needs eval, which the policy of the page forbids.
ADDRESS_ONCE_WIPED = """() => new Promise((resolve) => {
  const look = () => ("takeFragment" in window ? resolve(location.href) : setTimeout(look));
  look();
})"""
ADDRESS_AFTER_PASTING = """() => new Promise((resolve) => {
  addEventListener("hashchange", () => setTimeout(() => resolve(location.href)), {once: true});
  location.hash = "access_token=abc";
})"""
# Makes the browser's own timeouts fifty times shorter.
HASTE = "const real = AbortSignal.timeout; AbortSignal.timeout = (ms) => real.call(AbortSignal, ms / 50)"


@pytest.fixture
def flow(page, site):
    return BrowserFlow(page, site)


def test_the_user_and_the_cars_are_shown(flow):
    flow.goes_through()
    expect(flow.user).to_contain_text(flow.site.email())
    expect(flow.devices).to_contain_text("3 in all.")
    expect(flow.devices.get_by_role("listitem")).to_have_count(3)
    expect(flow.devices).to_contain_text("Mystery Machine")
    expect(flow.devices).to_contain_text("Unnamed device")


def test_the_token_is_nowhere_but_in_the_memory_of_the_page(flow, jar, watch):
    context, _ = jar
    flow.goes_through()
    expect(flow.devices.get_by_role("listitem")).to_have_count(3)
    assert flow.page.url == flow.site.url("/implicit/callback")
    token = token_sent(watch)
    cookies = [cookie for cookie in context.cookies() if cookie["name"].startswith("vinli_connect")]
    kept = flow.page.evaluate(EVERYTHING_KEPT) + str(cookies) + str(watch.console)
    assert token not in kept
    for request in watch.requests:
        assert token not in request.url
        if request.url.startswith(flow.site.origin):
            assert token not in str(request.all_headers()) + (request.post_data or "")
    assert token not in flow.site.app.log()


def test_the_fragment_goes_before_anything_else_is_loaded(flow, page):
    waiting = []
    page.route("**/static/js/main.js", lambda route: waiting.append(route))
    page.goto(flow.site.url("/implicit/callback#access_token=abc"), wait_until="commit")
    assert page.evaluate(ADDRESS_ONCE_WIPED) == flow.site.url("/implicit/callback")
    first = "document.querySelector('script, link[rel=stylesheet], style').getAttribute('src')"
    assert page.evaluate(first).startswith("/static/js/fragment.js")
    waiting[0].continue_()


def test_the_fragment_is_not_in_the_history(flow):
    flow.goes_through()
    expect(flow.devices).to_be_visible()
    flow.visits("/")
    flow.page.go_back()
    flow.is_told("Nothing came back")
    assert flow.page.url == flow.site.url("/implicit/callback")


def test_a_fragment_pasted_into_the_open_page_goes_too(flow):
    flow.visits("/implicit/callback")
    assert flow.page.evaluate(ADDRESS_AFTER_PASTING) == flow.site.url("/implicit/callback")


def test_forget_clears_the_page_and_says_so(flow):
    flow.goes_through()
    expect(flow.devices.get_by_role("listitem")).to_have_count(3)
    flow.page.get_by_role("button", name="Forget the token").click()
    flow.is_told("Forgotten")
    expect(flow.notice).to_be_focused()
    expect(flow.user).to_be_hidden()
    expect(flow.devices).to_be_hidden()
    assert flow.site.email() not in flow.page.content()
    expect(flow.page.get_by_role("button", name="Forget the token")).to_be_hidden()


def test_the_page_forgets_when_it_is_left(flow):
    flow.goes_through()
    expect(flow.devices.get_by_role("listitem")).to_have_count(3)
    # What the browser says to a page that it puts away for the back button.
    flow.page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    flow.is_told("Forgotten")
    assert flow.site.email() not in flow.page.content()


def test_a_browser_that_cannot_join_signals_shows_the_cars_too(flow):
    flow.page.add_init_script("delete AbortSignal.any; delete AbortSignal.timeout;")
    flow.goes_through()
    expect(flow.devices.get_by_role("listitem")).to_have_count(3)


def test_a_browser_that_is_too_old_is_told_what_it_lacks(flow):
    flow.page.add_init_script("delete Object.hasOwn; delete String.prototype.replaceAll;")
    flow.visits("/implicit")
    notice = flow.page.locator("#unsupported")
    expect(notice).to_be_visible()
    expect(notice).to_contain_text("Object.hasOwn, String.replaceAll")


def test_a_refusal_is_told(flow):
    flow.starts()
    flow.signs_in()
    flow.refuses()
    flow.is_told("The permission was refused")
    assert flow.page.url == flow.site.url("/implicit/callback")


NOT_ACCEPTED = [
    ("", "Nothing came back"),
    ("error=access_denied&state={state}", "The permission was refused"),
    ("error=unauthorized_client&state={state}", "This client may not use this flow"),
    ("error=server_error&state={state}", "Vinli had a fault"),
    ("error=purple_monkey&state={state}", "purple_monkey"),
    ("error=__proto__&state={state}", "Vinli reports an error"),
    ("error=%3Cimg%20src%3Dx%3E&state={state}", "<img src=x>"),
    ("error=access_denied", "No state came back"),
    ("error=access_denied&state=implicit-strange", "This answer belongs to another attempt"),
    ("access_token=abc&token_type=Bearer", "No state came back"),
    ("access_token=abc&token_type=Bearer&state=", "No state came back"),
    (
        "access_token=abc&token_type=Bearer&state=implicit-strange",
        "This answer belongs to another attempt",
    ),
    ("access_token=abc&state={state}&state={state}", "The answer contradicts itself"),
    ("access_token=abc&access_token=def&state={state}", "The answer contradicts itself"),
    ("__proto__=abc&state={state}", "No token came back"),
    ("constructor=abc&state={state}", "No token came back"),
    ("access_token=abc&amp;state={state}", "This address was changed on its way"),
    ("access_token=abc&STATE={state}", "This address was changed on its way"),
    (f"access_token={'x' * 17_000}&state={{state}}", "The answer is too long"),
    ("access_token=%E0%A4%A&state={state}", "The answer cannot be read"),
    ("access_token=a%00b&state={state}", "The answer cannot be read"),
    ("token_type=Bearer&state={state}", "No token came back"),
    ("access_token=&state={state}", "No token came back"),
    ("access_token=a%20b&state={state}", "No token came back"),
    ("access_token=abc&token_type=mac&state={state}", "An unknown kind of token"),
    ("access_token=abc&token_type=%3Cb%3E&state={state}", "“<b>”"),
]


def test_an_answer_that_is_not_accepted_is_explained_and_not_used(flow, watch):
    for fragment, title in NOT_ACCEPTED:
        flow.comes_back_with(fragment)
        expect(flow.notice, fragment).to_contain_text(title)
        assert flow.page.url == flow.site.url("/implicit/callback"), fragment
        assert flow.notice.locator("img, b, script").count() == 0, fragment
        assert token_sent(watch) is None, fragment


@pytest.mark.parametrize(
    "token_type", ["&token_type=bearer", "&token_type=BEARER", "&token_type=", "&a%00b=c&%ZZ=1", ""]
)
def test_the_token_type_may_be_spelled_otherwise_or_missing(flow, token_type):
    flow.comes_back_with(f"access_token=abc{token_type}&state={{state}}")
    flow.is_told("Vinli did not accept the token")


def test_an_answer_is_taken_once(flow):
    flow.visits("/implicit")
    state = flow.page.evaluate(REMEMBER)
    for title in ("Vinli did not accept the token", "This answer belongs to another attempt"):
        flow.visits(f"/implicit/callback?#access_token=abc&state={state}")
        flow.is_told(title)
        flow.visits("/")


def test_an_attempt_older_than_ten_minutes_is_refused(flow):
    flow.visits("/implicit")
    state = flow.page.evaluate(REMEMBER_LONG_AGO)
    flow.visits(f"/implicit/callback#access_token=abc&state={state}")
    flow.is_told("This attempt is too old")


def test_the_states_of_the_two_flows_are_not_taken_for_each_other(flow):
    flow.visits("/implicit")
    state = flow.page.evaluate(REMEMBER)
    flow.visits(f"/connect/callback?code=abc&state={state}")
    flow.sees("We do not know this sign-in")
    with flow.page.expect_request("**/oauth/authorization/new?*") as sent:
        flow.visits("/connect")
    code_state = sent.value.url.partition("&state=")[2].partition("&")[0]
    flow.visits(f"/implicit/callback#access_token=abc&state={code_state}")
    flow.is_told("This answer belongs to another attempt")


def test_a_token_that_vinli_refuses_is_dropped(flow):
    flow.arrives_with_a_token("nobody's")
    flow.is_told("Vinli did not accept the token")
    expect(flow.devices).to_be_hidden()
    expect(flow.page.get_by_role("button", name="Forget the token")).to_be_hidden()


def test_the_devices_of_all_pages_are_listed_in_order(flow):
    names = [f"Car {number}" for number in range(250)]
    flow.site.name_devices(names)
    flow.goes_through()
    expect(flow.devices).to_contain_text("250 in all.")
    expect(flow.devices.get_by_role("listitem").locator("bdi")).to_have_text(names)


def test_markup_in_names_is_shown_as_text(flow):
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    flow.site.name_devices([hostile, "‮evil"])
    flow.site.answer(
        "/api/v1/users/_current",
        '{"user": {"id": "1", "email": "a@example.com", "firstName": "<b>Bold</b>", "lastName": "&amp;"}}',
    )
    flow.arrives_with_a_token()
    expect(flow.user).to_contain_text("<b>Bold</b> &amp;, a@example.com")
    expect(flow.devices).to_contain_text(hostile)
    assert flow.page.get_by_role("main").locator("img, script, b").count() == 0


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"close": True}, "could not be reached"),
        ({"status": 500}, "answered with status 500"),
        ({"status": 302, "headers": {"Location": "/user"}}, "leads elsewhere"),
        ({"status": 200, "content_type": "text/html", "body": "<p>"}, "does not understand"),
        ({"status": 200, "content_type": "application/json", "body": "[1,"}, "does not understand"),
        (
            {"status": 200, "content_type": "application/json", "body": '{"devices": {}}'},
            "does not understand",
        ),
    ],
)
def test_a_platform_that_fails_is_told_beside_the_user(flow, watch, fault, words):
    watch.allow("net::ERR")
    watch.allow("redirect")
    flow.site.break_calls("/api/v1/devices", **fault)
    flow.goes_through()
    expect(flow.devices).to_contain_text(words)
    expect(flow.user).to_contain_text(flow.site.email())


def test_a_list_that_breaks_off_is_not_shown_as_complete(flow):
    flow.site.break_calls("/api/v1/devices", status=503, query={"offset": "100"})
    flow.site.name_devices([f"Car {number}" for number in range(100)], total=150)
    flow.goes_through()
    expect(flow.devices.get_by_role("listitem")).to_have_count(100)
    expect(flow.devices).to_contain_text("The list below is not complete")


def test_a_platform_that_does_not_answer_in_time_is_told(flow, page):
    page.add_init_script(HASTE)
    flow.site.break_calls("/api/v1/devices", delay_ms=1500)
    flow.goes_through()
    expect(flow.devices).to_contain_text("did not answer within ten seconds")


def test_without_scripts_both_pages_say_what_they_need(open_browser, site):
    context, _ = open_browser(java_script_enabled=False)
    flow = BrowserFlow(context.new_page(), site)
    for path in ("/implicit", "/implicit/callback#access_token=abc"):
        flow.visits(path)
        notice = flow.page.locator("noscript .notice")
        expect(notice).to_be_visible()
        expect(notice).to_contain_text("JavaScript, which is switched off")


def test_a_platform_that_returns_no_state_or_sends_no_cors_headers_is_explained(open_browser):
    with Site("--echo-state", "off", "--cors", "off") as site:
        context, watch = open_browser()
        watch.allow("blocked by CORS policy")
        watch.allow("net::ERR_FAILED")
        flow = BrowserFlow(context.new_page(), site)
        flow.goes_through()
        flow.is_told("No state came back")
        flow.arrives_with_a_token()
        expect(flow.user).to_contain_text("carries no CORS headers")
        expect(flow.devices).to_contain_text("Only a server can call it, so use the code flow")


def test_the_page_keeps_no_hold_on_who_opened_it(flow):
    flow.visits("/")
    with flow.page.expect_popup() as opened:
        flow.page.evaluate("open('/implicit/callback#error=access_denied')")
    other = BrowserFlow(opened.value, flow.site)
    other.is_told("No state came back")


def token_sent(watch):
    """The Bearer token of the first call that carried one, or None."""
    found = (request.headers.get("authorization", "") for request in watch.requests)
    return next((value.removeprefix("Bearer ") for value in found if value.startswith("Bearer ")), None)
