"""The workbench in a browser: from an error that says nothing to a flow that works, and whatever may come back."""

import base64
import json
import re

import pytest
from playwright.sync_api import expect

from tests.support.chromium.people import Developer, Driver
from tests.support.chromium.scenes import cookie_jars

# What of a page could keep or show a code or a token, apart from the fields of its form.
ADDRESSES = """() => JSON.stringify([
  location.href, document.referrer, history.state, navigation.entries().map((entry) => entry.url),
])"""
# Playwright's own waiting needs eval, which the policy of the page forbids.
ADDRESS_ONCE_WIPED = """() => new Promise((resolve) => {
  const look = () => ("takeFragment" in window ? resolve(location.href) : setTimeout(look));
  look();
})"""
MADE_OF_PARAMETERS = "script, img, b, i, iframe, [onerror], [onload]"
SECRETS = {
    "access_token": "canary-of-access-6b1d9a52f8",
    "refresh_token": "canary-of-refresh-07c4e3b9ad",
}


@pytest.fixture(scope="module")
def operators_jar(browser, shared_site):
    return cookie_jars(browser, shared_site, {"operator"})["operator"]


@pytest.fixture
def jar(open_browser, operators_jar):
    """A browser in which the operator has signed in."""
    return open_browser(storage_state=operators_jar)


@pytest.fixture
def developer(page, site):
    return Developer(page, site)


@pytest.fixture
def web_client_comes_to_the_workbench(site):
    site.register("web_client", site.url("/workbench/catch"))
    yield
    site.register("web_client", site.url("/implicit/callback"))


@pytest.fixture
def dialogs(page):
    """The dialogs that a page opened."""
    opened = []
    page.on("dialog", lambda dialog: (opened.append(dialog.message), dialog.dismiss()))
    return opened


def token_requests(site):
    return sum((call["method"], call["path"]) == ("POST", "/oauth/token") for call in site.requests())


def jwt(claims):
    pieces = (json.dumps(part).encode() for part in ({"alg": "RS256"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(piece).decode().rstrip("=") for piece in pieces), "c2lnbmVk"])


# --- a code


def test_a_code_is_caught_exchanged_once_and_leaves_a_trace(developer, watch):
    page = developer.page
    developer.goes_through()
    code = code_that_came(watch)
    assert page.url == developer.site.url("/workbench/catch")
    assert code not in page.evaluate(ADDRESSES)
    assert code not in developer.main.inner_text()
    expect(developer.main).to_contain_text("The state is right")
    expect(developer.main).to_contain_text(re.compile(r"2 parameters in the query, \d+ seconds? after"))
    expect(developer.value_of("code")).to_have_text(f"{code[:4]}… ({len(code)} characters)")

    developer.exchanges()
    expect(developer.main).to_contain_text("The code was exchanged")
    expect(developer.main).to_contain_text(re.compile(r"The token belongs to \S+"))
    expect(developer.value_of("access_token")).to_have_text(re.compile(r"^.{4}… \(\d+ characters\)$"))
    assert code not in page.content()
    assert token_requests(developer.site) == 1

    page.get_by_role("link", name="See the trace of this run").click()
    developer.page.wait_for_url("**/workbench/traces/*")
    expect(page.get_by_role("heading", level=1)).to_have_text("A run of the workbench: worked")
    expect(page.locator(".rung--good")).to_have_count(4)
    expect(page.locator(".rung")).to_have_count(4)
    assert code not in page.content()


def test_reloading_and_going_back_exchange_nothing_twice(developer, watch):
    page = developer.page
    developer.goes_through()
    address = next(request.url for request in watch.requests if "/workbench/catch?" in request.url)
    developer.exchanges()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("This code cannot be exchanged any more")
    page.go_back()
    assert page.url == developer.site.url("/workbench/catch")
    expect(page.get_by_role("button", name="Exchange it for tokens")).to_have_count(0)
    page.goto(address)
    expect(developer.main).to_contain_text("The state is right, for the second time")
    expect(page.get_by_role("button", name="Exchange it for tokens")).to_have_count(0)
    assert token_requests(developer.site) == 1


def test_the_tokens_themselves_are_nowhere_in_the_page(developer, watch):
    secrets = SECRETS | {"id_token": jwt({"sub": "driver-7", "note": "<b>bold</b>"})}
    developer.site.answer("/oauth/token", json.dumps(secrets | {"token_type": "bearer"}), method="POST")
    developer.site.answer("/api/v1/users/_current", '{"user": {"id": "1", "email": "a@example.com"}}')
    developer.goes_through()
    developer.exchanges()
    expect(developer.main).to_contain_text("The token belongs to a@example.com")
    for name, secret in secrets.items():
        expect(developer.value_of(name)).to_have_text(f"{secret[:4]}… ({len(secret)} characters)")
        assert secret not in developer.page.content()
    developer.page.get_by_text("id_token is a JSON Web Token").click()
    expect(developer.page.get_by_label("Claims of id_token")).to_contain_text('"note": "<b>bold</b>"')
    assert developer.main.locator("b").count() == 0
    developer.page.get_by_role("link", name="See the trace of this run").click()
    expect(developer.page.locator(".rung--good")).to_have_count(4)
    for secret in secrets.values():
        assert secret not in developer.page.content()
    assert not any(secret in line for secret in secrets.values() for line in watch.console)


def test_the_life_of_a_token_counts_down(developer):
    developer.page.clock.install()
    body = {"access_token": "any-token-of-some-length", "token_type": "bearer", "expires_in": 3700}
    developer.site.answer("/oauth/token", json.dumps(body), method="POST")
    developer.goes_through()
    developer.exchanges()
    left = developer.main.locator("[data-module=countdown]")
    expect(left).to_have_text(re.compile(r"^1 h 1 min \d+ s$"))
    developer.page.clock.fast_forward(600_000)
    expect(left).to_have_text(re.compile(r"^5[01] min \d+ s$"))
    developer.page.clock.fast_forward(3_200_000)
    expect(left).to_have_text("no longer: it has expired")


def test_an_exchange_that_is_refused_says_which_step_and_why(developer):
    developer.site.answer("/oauth/token", '{"error": "invalid_grant"}', method="POST", status=400)
    developer.goes_through()
    developer.exchanges()
    expect(developer.main).to_contain_text("Token request failed")
    expect(developer.main).to_contain_text("invalid_grant")
    developer.page.get_by_role("link", name="See the trace of this run").click()
    expect(developer.page.locator(".rung--failed")).to_contain_text("Failed here")
    expect(developer.page.locator(".rung--unreached")).to_have_text(re.compile("First API call"))


def test_a_trace_can_be_taken_away_as_json_and_as_har(developer):
    developer.goes_through()
    developer.exchanges()
    developer.page.get_by_role("link", name="See the trace of this run").click()
    files = {}
    for kind in ("JSON", "HAR"):
        with developer.page.expect_download() as download:
            developer.page.get_by_role("link", name=kind, exact=True).click()
        assert download.value.suggested_filename.endswith(f".{kind.lower()}")
        files[kind] = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert len(files["JSON"]["steps"]) == 4
    assert files["HAR"]["log"]["version"] == "1.2"
    assert len(files["HAR"]["log"]["entries"]) == 4


# --- a fragment


@pytest.mark.usefixtures("web_client_comes_to_the_workbench")
def test_a_token_in_the_fragment_is_shown_shortened_and_stays_in_the_browser(developer, watch):
    page, locations = developer.page, []
    page.on("response", lambda answer: locations.append(answer.headers.get("location", "")))
    developer.goes_through(
        client_id=developer.site.sandbox.credentials["web_client_id"],
        response_type="token",
        redirect_uri=developer.site.url("/workbench/catch"),
    )
    (token,) = re.findall(r"#.*access_token=([^&]+)", "\n".join(locations))
    expect(developer.main).to_contain_text("The state is right")
    expect(developer.value_of("access_token")).to_have_text(f"{token[:4]}… ({len(token)} characters)")
    assert page.url == developer.site.url("/workbench/catch")
    assert token not in page.evaluate(ADDRESSES) + page.content() + str(watch.console)
    for request in watch.requests:
        if request.url.startswith(developer.site.origin):
            sent = request.url.partition("#")[0] + str(request.all_headers()) + (request.post_data or "")
            assert token not in sent
    developer.opens("traces")
    developer.main.get_by_role("row", name="Workbench").first.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A run of the workbench: worked")


@pytest.mark.parametrize("tail", ["#access_token=abc", "?code=abc&state=def", "?code=abc#access_token=def"])
def test_what_came_goes_from_the_address_before_anything_else_is_loaded(page, site, developer, tail):
    waiting = []
    page.route("**/static/js/main.js", lambda route: waiting.append(route), times=1)
    page.goto(site.url("/workbench/catch" + tail), wait_until="commit")
    assert page.evaluate(ADDRESS_ONCE_WIPED) == site.url("/workbench/catch")
    first = "document.querySelector('script, link[rel=stylesheet], style').getAttribute('src')"
    assert page.evaluate(first).startswith("/static/js/fragment.js")
    waiting[0].continue_()
    expect(developer.parameters.first).to_be_visible()
    page.goto(site.url("/"))
    page.go_back()
    assert page.url == site.url("/workbench/catch")


def test_a_stranger_at_the_catch_page_loses_the_code_from_the_address_too(open_browser, site):
    page = open_browser()[0].new_page()
    page.goto(site.url("/workbench/catch?code=abc&state=def"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Operator sign-in")
    assert page.url == site.url("/workbench/catch")
    assert "abc" not in page.content()


def test_a_json_web_token_in_the_fragment_is_decoded_in_the_browser(developer, watch):
    token = jwt({"sub": "driver-7", "name": "Zoë ‮<b>", "exp": 1_900_000_000})
    developer.catches(f"#id_token={token}&state=strange")
    expect(developer.main).to_contain_text("This state was not made here")
    developer.page.get_by_text("id_token is a JSON Web Token").click()
    expect(developer.page.get_by_label("Header of id_token")).to_contain_text('"alg": "RS256"')
    expect(developer.page.get_by_label("Claims of id_token")).to_contain_text('"name": "Zoë \\u202e<b>"')
    assert token not in developer.page.content()
    assert not any(token in (request.post_data or "") for request in watch.requests)


@pytest.mark.parametrize(
    ("fragment", "shown"),
    [
        ("error=%3Cimg%20src=x%20onerror=alert(1)%3E&state=a", "<img src=x onerror=alert(1)>"),
        ("%3Cscript%3Ealert(1)%3C/script%3E=%3Cb%3Ebold", "<script>alert(1)</script>"),
        ("__proto__=polluted&constructor=a&toString=b&hasOwnProperty=c", "__proto__"),
        ("state=a&state=b&access_token=c&access_token=d", "comes more than once"),
        ("&".join(f"name{number}=value{number}" for number in range(100)), "value59"),
        ("error=a%0d%0aSet-Cookie:%20hostile=1%00&state=b", "a\\x0d\\x0aSet-Cookie: hostile=1\\x00"),
        ("error=%E2%80%AEgnp.evil%E2%81%A6&state=b", "\\u202egnp.evil\\u2066"),
        ("error=%FF%E0%A4%A%&state=b", "\ufffd"),
        ("error=" + "x" * 1_000_000, "(1000000 characters in all)"),
        ("state=" + "x" * 1_000_000, "(1000000 characters in all)"),
        ("id_token=a.b.c&access_token=e30.e30.e30", "access_token is a JSON Web Token"),
    ],
    ids=[
        "markup",
        "markup-in-name",
        "proto",
        "repeated",
        "hundred",
        "crlf",
        "bidi",
        "bytes",
        "long",
        "long-state",
        "jwt",
    ],
)
def test_a_hostile_fragment_is_inert(developer, dialogs, fragment, shown):
    developer.catches("#" + fragment)
    rows = developer.main.locator("[data-part=rows]")
    expect(rows).to_contain_text(shown)
    expect(developer.main.get_by_role("status")).to_contain_text(re.compile(r"state"))
    expect(developer.main.get_by_role("status")).not_to_contain_text("could not be judged")
    assert developer.main.locator(MADE_OF_PARAMETERS).count() == 0
    assert developer.parameters.count() <= 60
    assert developer.page.url == developer.site.url("/workbench/catch")
    assert developer.page.evaluate("({}).polluted") is None
    assert dialogs == []


def test_a_token_that_came_without_a_name_stays_in_the_browser(developer, watch):
    with developer.page.expect_request("**/workbench/verdict") as judged:
        developer.catches("#canary-of-a-token&state=a&token_type=bearer&canary-of-a-name=b")
    assert judged.value.post_data == "state=a&names=state&names=token_type"
    expect(developer.main).to_contain_text("This state was not made here")
    assert not any("canary" in (request.post_data or "") for request in watch.requests)


def test_a_state_that_comes_twice_is_called_that(developer):
    for tail in ("#state=a&state=b", "?state=a&state=b"):
        developer.catches(tail)
        expect(developer.main).to_contain_text("Two states came back")


# --- a form


@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_form_from_another_site_is_caught_and_can_be_exchanged(
    open_browser, operators_jar, site, has_scripts
):
    context, others = open_browser(storage_state=operators_jar, java_script_enabled=has_scripts)
    developer = Developer(context.new_page(), site)
    page = developer.page
    developer.composes()
    developer.page.route("**/workbench/catch?*", lambda route: route.abort())
    others.allow("ERR_FAILED")
    page.get_by_role("link", name="Open at").click()
    driver = Driver(page, site)
    driver.signs_in()
    with page.expect_request("**/workbench/catch?*") as sent:
        driver.approves()
    page.unroute("**/workbench/catch?*")
    developer.gets_a_form(sent.value.url.partition("?")[2], has_scripts=has_scripts)
    if not has_scripts:
        driver.sees("A form came back")
        page.get_by_role("button", name="Show what came back").click()
    driver.sees("Catch")
    expect(developer.main).to_contain_text("2 parameters in a form post")
    expect(developer.main).to_contain_text("The state is right")
    developer.exchanges()
    expect(developer.main).to_contain_text("The code was exchanged")


def test_a_hostile_form_is_inert_and_shown(developer, dialogs):
    developer.gets_a_form("error=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E&__proto__=%E2%80%AEb")
    Driver(developer.page, developer.site).sees("Catch")
    expect(developer.value_of("error")).to_have_text("<img src=x onerror=alert(1)>")
    expect(developer.value_of("__proto__")).to_have_text("\\u202eb")
    assert developer.main.locator(MADE_OF_PARAMETERS).count() == 0
    assert dialogs == []


# --- what else is there


def test_an_address_that_is_pasted_is_read(developer):
    developer.opens("catch")
    address = developer.page.get_by_label("Address from the address bar")
    address.fill("https://app.example/cb?error=access_denied&error_description=%3Cb%3Eno#state=x")
    developer.page.get_by_role("button", name="Show what is in it").click()
    expect(developer.main).to_contain_text("3 parameters in the address that was pasted")
    expect(developer.value_of("error_description")).to_have_text("<b>no")
    address.fill("nothing in here")
    developer.page.get_by_role("button", name="Show what is in it").click()
    expect(address).to_have_attribute("aria-invalid", "true")
    expect(address).to_have_accessible_description(re.compile("There is no parameter in it"))


def test_a_browser_that_is_elsewhere_than_public_url_is_told(developer):
    """The server refuses other hosts, so the notice is asked for by changing what it compares with."""
    developer.opens("")
    notice = developer.main.locator("[data-module=address-check]")
    expect(developer.main).to_contain_text("Nothing is wrong")
    expect(notice).to_be_hidden()
    notice.evaluate(
        """(root) => {
          root.dataset.publicUrl = "https://cars.example.com";
          return import("/static/js/workbench/address-check.js").then(({ start }) => start(root));
        }"""
    )
    expect(notice).to_be_visible()
    expect(notice).to_contain_text(f"The address bar says {developer.site.origin}")


def test_preflight_finds_the_variant_that_is_registered(developer):
    site = developer.site
    developer.opens("preflight")
    developer.page.get_by_label("redirect_uri").fill(site.url("/connect/callback/"))
    developer.page.get_by_label("Try the usual variants").check()
    developer.page.get_by_role("button", name="Ask the authorization endpoint").click()
    accepted = developer.main.locator("tbody tr").filter(has=developer.page.locator(".standing--good"))
    expect(accepted).to_have_count(1)
    expect(accepted.get_by_role("rowheader")).to_have_text(site.url("/connect/callback"))


def code_that_came(watch):
    address = next(request.url for request in watch.requests if "/workbench/catch?" in request.url)
    return re.search(r"[?&]code=([^&]+)", address).group(1)
