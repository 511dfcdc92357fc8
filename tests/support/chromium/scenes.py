"""All pages of the application and of the sandbox, in each state that looks different, and the way to each.

The accessibility tests and the screenshots use this list. A scene is a function that ends on its page. The arguments of
``scene(...)`` say who has signed in before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.support.chromium.implicit import BrowserFlow
from tests.support.chromium.people import Developer, Driver, Operator
from tests.support.chromium.photographs import photograph
from tests.support.chromium.sites import Site, latest_vehicle_of

LONG = "Grandmother’s absolutely indestructible Donaudampfschifffahrtsgesellschaftskapitänswagen of 1974"
# {"alg": "RS256"} and {"sub": "driver-7", "name": "<b>Zoe", "exp": 1900000000}, with an invalid signature.
JWT = "eyJhbGciOiAiUlMyNTYifQ.eyJzdWIiOiAiZHJpdmVyLTciLCAibmFtZSI6ICI8Yj5ab2UiLCAiZXhwIjogMTkwMDAwMDAwMH0.c2lnbmVk"
HOSTILE = ["<script>alert(1)</script>", "سيارة العائلة ‮evil", LONG, "W" * 80, "", None]


@dataclass
class Stage:
    """The page of a new cookie jar, and the site, for one scene."""

    page: Page
    site: Site

    @property
    def driver(self) -> Driver:
        return Driver(self.page, self.site)

    @property
    def operator(self) -> Operator:
        return Operator(self.page, self.site)

    @property
    def developer(self) -> Developer:
        return Developer(self.page, self.site)

    @property
    def flow(self) -> BrowserFlow:
        return BrowserFlow(self.page, self.site)

    def opens(self, path: str) -> None:
        self.page.goto(self.site.url(path))

    def shows(self, text: str) -> None:
        """Check that the page shows ``text``, so that the scene is what its name says."""
        expect(self.page.get_by_role("main")).to_contain_text(text)

    def opens_sandbox(self, path: str) -> None:
        self.page.goto(self.site.sandbox.origin + path)


@dataclass(frozen=True)
class Scene:
    """``signed_in`` is "driver", "operator" or None; ``installation`` is a key of INSTALLATIONS."""

    name: str
    play: Callable[[Stage], None]
    signed_in: str | None
    installation: str


# Sites with other settings, in which the same pages look different.
INSTALLATIONS: dict[str, dict[str, str]] = {
    "usual": {},
    "bare": {"OPERATOR_PASSWORD": "", "VINLI_WEB_CLIENT_ID": "", "RATE_LIMIT_CONNECT": "2/minute"},
    "misconfigured": {
        "VINLI_CLIENT_ID": "no-such-client",
        "VINLI_CLIENT_SECRET": "not-the-right-one",
        "VINLI_WEB_CLIENT_ID": "no-such-web-client",
        "VINLI_WORKBENCH_CLIENT_ID": "",
        "VINLI_WORKBENCH_CLIENT_SECRET": "",
    },
    "on IPv6": {"VINLI_PLATFORM_URL": "http://[::1]:9"},
    "partly set up": {"AYYEKA_KEY": "", "AYYEKA_SECRET": "", "ASPOSE_CLIENT_SECRET": "not-the-right-one"},
}
SCENES: list[Scene] = []


def scene(
    signed_in: str | None = None, installation: str = "usual"
) -> Callable[..., Callable[[Stage], None]]:
    def keep(play: Callable[[Stage], None]) -> Callable[[Stage], None]:
        SCENES.append(Scene(play.__name__, play, signed_in, installation))
        return play

    return keep


def cookie_jars(browser: Browser, site: Site, wanted: Iterable[str | None]) -> dict[str | None, Any]:
    """Return the storage state of a browser after each sign-in, by the values of ``Scene.signed_in``."""
    jars: dict[str | None, Any] = {None: None}
    for who in {"driver", "operator"}.intersection(wanted):
        context = browser.new_context()
        stage = Stage(context.new_page(), site)
        if who == "driver":
            stage.driver.connects()
        else:
            stage.operator.signs_in()
        stage.page.wait_for_url(re.compile("/garage$|/operator/devices$"))
        jars[who] = context.storage_state()
        context.close()
    return jars


@scene()
def home(stage: Stage) -> None:
    stage.opens("/")
    stage.shows("Connect your car")


@scene()
def home_with_help_open(stage: Stage) -> None:
    stage.opens("/")
    stage.page.get_by_text("Vinli did not send you back?").click()


@scene("driver")
def home_connected(stage: Stage) -> None:
    stage.opens("/")
    stage.shows("Open my garage")


@scene()
def home_after_leaving(stage: Stage) -> None:
    stage.opens("/?left=1")
    stage.shows("You are disconnected")


@scene()
def connect_confirm(stage: Stage) -> None:
    stage.opens_sandbox("/")
    stage.page.evaluate("(url) => location.assign(url)", stage.site.url("/connect?next=/garage"))
    expect(stage.page.get_by_role("heading", level=1)).to_have_text("Continue to Vinli?")


@scene("driver")
def garage(stage: Stage) -> None:
    stage.opens("/garage")
    stage.shows("2020 Ford Escape")


@scene("driver")
def garage_with_a_vin(stage: Stage) -> None:
    stage.opens("/garage")
    stage.driver.cards.first.get_by_role("link", name="Show").click()
    stage.shows("Hide the VIN")


@scene("driver")
def garage_empty(stage: Stage) -> None:
    stage.site.name_devices([])
    stage.opens("/garage")
    stage.shows("No car here yet")


@scene("driver")
def garage_with_odd_names(stage: Stage) -> None:
    stage.site.name_devices(HOSTILE)
    stage.site.name_vehicles(
        {"vin": "4T1BF1FK5HU382615", "make": None},
        {"vin": "1FMCU0GX1LG447879", "make": "MAKE" * 12, "model": LONG, "year": "2020", "trim": "T" * 50},
        None,
        None,
    )
    stage.site.break_calls(latest_vehicle_of(4), status=500)
    stage.opens("/garage")
    stage.shows("Vehicle not identified yet")


@scene("driver")
def garage_of_many(stage: Stage) -> None:
    stage.site.name_devices([f"Van {number}" for number in range(24)], total=60)
    stage.site.name_vehicles(
        *({"make": "Ford", "model": "Transit", "year": str(2000 + n)} for n in range(24))
    )
    stage.opens("/garage")
    stage.shows("Page 1 of 3")


@scene("driver")
def garage_list_failed(stage: Stage) -> None:
    stage.site.break_calls("/api/v1/devices", status=500)
    stage.opens("/garage")
    stage.shows("Your cars could not be loaded")


@scene("driver")
def device(stage: Stage) -> None:
    stage.opens("/garage")
    stage.driver.cards.first.get_by_role("heading").get_by_role("link").click()
    stage.shows("Chip ID")


@scene("driver")
def device_with_vin(stage: Stage) -> None:
    device(stage)
    stage.page.get_by_role("link", name="Show").click()
    stage.shows("Hide")


@scene("driver")
def device_without_vehicle(stage: Stage) -> None:
    stage.opens("/garage")
    path = stage.driver.cards.first.get_by_role("heading").get_by_role("link").get_attribute("href") or ""
    stage.site.answer(f"/api/v1/devices/{path.rpartition('/')[2]}/vehicles/_latest", '{"vehicle": null}')
    stage.opens(path)
    stage.shows("The device has not reported a vehicle")


@scene("driver")
def device_failed(stage: Stage) -> None:
    stage.opens("/garage")
    path = stage.driver.cards.first.get_by_role("heading").get_by_role("link").get_attribute("href") or ""
    stage.site.break_calls(f"/api/v1/devices/{path.rpartition('/')[2]}/vehicles/_latest", status=500)
    stage.opens(path)
    stage.shows("Vehicle not available")


@scene()
def garage_for_nobody(stage: Stage) -> None:
    stage.opens("/garage")
    stage.shows("Connect your car first")


@scene()
def connect_denied(stage: Stage) -> None:
    stage.opens("/connect")
    stage.driver.signs_in()
    stage.driver.refuses()
    stage.shows("You did not allow access")


@scene()
def connect_refused(stage: Stage) -> None:
    stage.site.answer("/oauth/token", '{"error": "invalid_client"}', method="POST", status=401)
    stage.opens("/connect")
    stage.driver.signs_in()
    stage.driver.approves()
    stage.driver.sees("Vinli refused the sign-in")


@scene()
def connect_failed_with_the_cause_open(stage: Stage) -> None:
    stage.opens("/connect/callback?code=abc")
    stage.page.get_by_text("Technical cause").click()
    stage.shows("No state came back")
    expect(stage.page).to_have_url(re.compile("/problem/"))


@scene()
def cookies(stage: Stage) -> None:
    stage.opens("/cookies")
    stage.shows("Delete this site’s cookies")


@scene(installation="on IPv6")
def implicit_on_ipv6(stage: Stage) -> None:
    stage.opens("/implicit")
    stage.shows("IPv6")


@scene()
def not_found(stage: Stage) -> None:
    stage.opens("/nothing/here")
    stage.shows("Nothing is here")


@scene()
def operator_sign_in(stage: Stage) -> None:
    stage.opens("/operator")
    stage.shows("Operator sign-in")


@scene()
def operator_sign_in_refused(stage: Stage) -> None:
    stage.operator.signs_in("not the password")
    stage.shows("That is not the operator’s password")


@scene("operator")
def operator_devices(stage: Stage) -> None:
    stage.opens("/operator/devices")
    stage.shows("1 to 100 of 250")


@scene("operator")
def operator_devices_last_page(stage: Stage) -> None:
    stage.opens("/operator/devices?page=3")
    stage.shows("Page 3 of 3")


@scene("operator")
def operator_devices_beyond_the_end(stage: Stage) -> None:
    stage.opens("/operator/devices?page=99")
    stage.shows("Nothing on this page")


@scene("operator")
def operator_devices_none(stage: Stage) -> None:
    stage.site.name_devices([])
    stage.opens("/operator/devices")
    stage.shows("No device yet")


@scene("operator")
def operator_devices_with_odd_names(stage: Stage) -> None:
    stage.site.name_devices(HOSTILE)
    stage.opens("/operator/devices")
    stage.shows("1 to 6 of 6")


@scene("operator")
def operator_devices_with_odd_records(stage: Stage) -> None:
    good = {"id": "fc8bdd0c-5be3-46d5-8582-b5b54052eca2", "name": "Good", "chipId": "VV0000000001"}
    odd: list[dict[str, Any]] = [
        good | {"createdAt": "2019-02-03T04:05:06Z", "links": {}},
        {**good, "createdAt": None, "name": 7},
        {"id": None, "name": "No id", "createdAt": "yesterday"},
    ]
    page = {"remaining": 0, "limit": 100, "offset": 0, "total": 3, "links": {}}
    stage.site.answer("/api/v1/devices", json.dumps({"devices": odd, "meta": {"pagination": page}}))
    stage.opens("/operator/devices")
    stage.shows("Vinli’s record lacks")


@scene("operator")
def operator_search(stage: Stage) -> None:
    stage.opens("/operator/devices?q=silver")
    stage.shows("of 250 devices match")


@scene("operator")
def operator_search_without_match(stage: Stage) -> None:
    stage.opens("/operator/devices?q=no+such+car")
    stage.shows("0 of 250 devices match")


@scene("operator")
def operator_list_incomplete(stage: Stage) -> None:
    stage.site.break_calls("/api/v1/devices", query={"offset": "200"}, status=500)
    stage.page.goto(stage.site.url("/operator/devices?q=silver"), wait_until="commit")
    expect(stage.page.get_by_role("status")).to_contain_text("incomplete")


@scene("operator")
def operator_device(stage: Stage) -> None:
    stage.opens("/operator/devices")
    stage.operator.rows.first.get_by_role("link").click()
    stage.shows("Device ID")


@scene("operator")
def partners(stage: Stage) -> None:
    stage.opens("/partners")
    stage.shows("instyle.ai")


@scene("operator")
def partner_anyline(stage: Stage) -> None:
    stage.opens("/partners/anyline")
    stage.shows("Read a tyre")


@scene("operator")
def partner_ayyeka(stage: Stage) -> None:
    stage.opens("/partners/ayyeka")
    stage.shows("Send a call")


@scene("operator")
def partner_aspose(stage: Stage) -> None:
    stage.opens("/partners/aspose")
    stage.shows("Vehicle report")


@scene("operator")
def partner_instyle(stage: Stage) -> None:
    stage.opens("/partners/instyle?example=1")
    stage.shows("superuser")


@scene("operator")
def partner_answer(stage: Stage) -> None:
    partner_ayyeka(stage)
    stage.page.get_by_role("button", name="Send to Ayyeka").click()
    stage.shows("Status 200")


@scene("operator")
def partner_refuses(stage: Stage) -> None:
    stage.site.break_calls("/v2.0/site", status=500)
    partner_ayyeka(stage)
    stage.page.get_by_role("button", name="Send to Ayyeka").click()
    stage.shows("Ayyeka has a problem")


@scene("operator")
def partner_path_wrong(stage: Stage) -> None:
    partner_ayyeka(stage)
    stage.page.get_by_label("Path").fill("//evil.example/")
    stage.page.get_by_role("button", name="Send to Ayyeka").click()
    stage.shows("A path begins with one slash")


@scene("operator")
def partner_token_fetched(stage: Stage) -> None:
    partner_ayyeka(stage)
    stage.page.get_by_role("button", name="Get a token now").click()
    stage.shows("There is a good token")


@scene("operator")
def partner_sites(stage: Stage) -> None:
    stage.opens("/partners/ayyeka/sites")
    stage.shows("in all")


@scene("operator")
def partner_sites_failed(stage: Stage) -> None:
    stage.site.break_calls("/v2.0/site", status=429, headers={"Retry-After": "90"})
    stage.opens("/partners/ayyeka/sites")
    stage.shows("Ayyeka asks us to slow down")


@scene("operator")
def partner_files(stage: Stage) -> None:
    stage.opens("/partners/aspose/files")
    stage.shows("Folder /")


@scene("operator")
def partner_images(stage: Stage) -> None:
    stage.opens("/partners/instyle/images")
    stage.shows("in all")
    stage.page.wait_for_load_state("networkidle")


@scene("operator")
def partner_image_refused(stage: Stage) -> None:
    stage.opens("/partners/instyle/images")
    stage.page.get_by_label("Id").fill("a")
    stage.page.get_by_label("Address").fill("https://example.com/a.png")
    stage.page.get_by_role("button", name="Add the image").click()
    stage.shows("The id is a whole number")


@scene("operator")
def partner_tire_read(stage: Stage) -> None:
    partner_anyline(stage)
    stage.page.get_by_label("Or choose a picture").set_input_files(photograph())
    expect(stage.page.locator("canvas")).to_be_visible()
    stage.page.get_by_role("button", name="Read the tyre").click()
    expect(stage.page.get_by_role("status")).to_contain_text("Size")


@scene("operator")
def partner_tire_failed(stage: Stage) -> None:
    stage.site.break_calls("/v2/tiresidewall", status=500, method="POST")
    partner_anyline(stage)
    stage.page.get_by_label("Or choose a picture").set_input_files(photograph())
    expect(stage.page.locator("canvas")).to_be_visible()
    stage.page.get_by_role("button", name="Read the tyre").click()
    expect(stage.page.get_by_role("status")).to_contain_text("Anyline has a problem")


@scene("operator")
def vehicle_report_stored(stage: Stage) -> None:
    operator_device(stage)
    stage.page.get_by_role("button", name="Store at Aspose").click()
    stage.shows("is stored at Aspose as")


@scene("operator")
def vehicle_report_failed(stage: Stage) -> None:
    stage.site.break_calls("/v4.0/words/convert", status=503, method="PUT")
    operator_device(stage)
    stage.page.get_by_role("button", name="Download").click()
    stage.shows("Aspose has a problem")


@scene("operator")
def doctor(stage: Stage) -> None:
    stage.opens("/workbench")
    stage.shows("Nothing is wrong")


@scene("operator")
def doctor_with_hostile_clients(stage: Stage) -> None:
    credentials = stage.site.sandbox.credentials
    registered = {
        "client_id": (
            "server",
            f"{stage.site.origin}/connect/callback/?{'x' * 300}#<img src=x onerror=alert(1)>",
        ),
        "web_client_id": ("web", "myApp://\u202egnp.evil/" + "W" * 300),
        "workbench_client_id": (LONG, "<script>alert(1)</script>"),
    }
    clients = [
        {"id": credentials[name], "type": kind, "data": {"redirectUri": uri}}
        for name, (kind, uri) in registered.items()
    ]
    stage.site.answer("/api/v1/clients", json.dumps({"clients": clients}))
    stage.opens("/workbench")
    stage.shows("things are wrong")


@scene("operator")
def doctor_told_by_hand(stage: Stage) -> None:
    stage.site.break_calls("/api/v1/clients", status=404)
    stage.opens("/workbench?registered=https://cars.example.com/connect/callback")
    stage.shows("One thing is wrong")


@scene(installation="misconfigured")
def traces_none(stage: Stage) -> None:
    stage.operator.signs_in()
    stage.opens("/workbench/traces")
    stage.shows("No run yet")


@scene(installation="misconfigured")
def doctor_misconfigured(stage: Stage) -> None:
    stage.operator.signs_in()
    stage.opens("/workbench")
    stage.shows("things are wrong")


@scene(installation="misconfigured")
def catch_without_a_client(stage: Stage) -> None:
    stage.operator.signs_in()
    stage.opens("/workbench/catch")
    stage.shows("Nothing has come yet")


@scene("operator")
def preflight(stage: Stage) -> None:
    stage.opens("/workbench/preflight")
    stage.shows("The request")


@scene("operator")
def preflight_with_variants(stage: Stage) -> None:
    stage.opens("/workbench/preflight")
    stage.page.get_by_label("redirect_uri").fill(stage.site.url("/connect/callback/"))
    stage.page.get_by_label("Try the usual variants").check()
    stage.page.get_by_role("button", name="Ask the authorization endpoint").click()
    stage.shows("The usual variants")


@scene("operator")
def preflight_accepted(stage: Stage) -> None:
    stage.opens("/workbench/preflight")
    stage.page.get_by_role("button", name="Ask the authorization endpoint").click()
    stage.shows("Status 200")


@scene("operator")
def preflight_unanswered(stage: Stage) -> None:
    stage.site.break_calls("/oauth/authorization/new", close=True)
    stage.opens("/workbench/preflight")
    stage.page.get_by_role("button", name="Ask the authorization endpoint").click()
    stage.shows("Vinli cannot be reached")


@scene("operator")
def compose(stage: Stage) -> None:
    stage.opens("/workbench/compose")
    stage.shows("The parameters")


@scene("operator")
def compose_with_errors(stage: Stage) -> None:
    stage.opens("/workbench/compose")
    stage.page.get_by_label("redirect_uri").fill("not an address")
    stage.page.get_by_label("Extra parameters").fill("client_id=twice\nno equals sign")
    stage.page.get_by_role("button", name="Make the request").click()
    stage.shows("Some fields are not valid")


@scene("operator")
def compose_made(stage: Stage) -> None:
    stage.developer.composes(extra=f"prompt=<b>{'x' * 100}")
    stage.shows("Then, the token request")


@scene("operator")
def catch(stage: Stage) -> None:
    stage.opens("/workbench/catch")
    stage.shows("Nothing has come yet")


@scene("operator")
def catch_code(stage: Stage) -> None:
    stage.developer.goes_through()
    stage.shows("Exchange the code")


@scene("operator")
def catch_strange_answer(stage: Stage) -> None:
    stage.developer.catches(
        f"?error=access_denied&error_description={LONG}&error_uri=javascript:alert(1)&state=strange"
        f"&{'n' * 60}={'v' * 300}&scope=a&scope=b&id_token={JWT}"
    )
    stage.page.get_by_text("id_token is a JSON Web Token").click()
    stage.shows("This state was not made here")


@scene("operator")
def catch_fragment(stage: Stage) -> None:
    stage.developer.catches(f"#access_token={JWT}&token_type=bearer&state=strange&{'n' * 60}={'v' * 300}")
    expect(stage.page.get_by_role("status")).to_contain_text("This state was not made here")
    stage.page.get_by_text("access_token is a JSON Web Token").click()


@scene()
def catch_form(stage: Stage) -> None:
    # Without this route the page would disappear at once.
    stage.page.route(
        "**/static/js/workbench/send-on.js",
        lambda route: route.fulfill(body="export function start() {}", content_type="text/javascript"),
    )
    stage.developer.gets_a_form("code=abc&state=def")
    stage.shows("A form came back")


@scene("operator")
def catch_pasted_in_vain(stage: Stage) -> None:
    stage.opens("/workbench/catch")
    stage.page.get_by_label("Address from the address bar").fill("nothing in here")
    stage.page.get_by_role("button", name="Show what is in it").click()
    stage.shows("There is no parameter in it")


@scene("operator")
def token_response(stage: Stage) -> None:
    body = {
        "access_token": "any-token-of-some-length",
        "token_type": "bearer",
        "expires_in": 3700,
        "id_token": JWT,
        "n" * 60: "v" * 300,
    }
    stage.site.answer("/oauth/token", json.dumps(body), method="POST")
    stage.site.answer(
        "/api/v1/users/_current",
        f'{{"user": {{"id": "1", "email": "a@example.com", "firstName": "{LONG}", "lastName": "<b>"}}}}',
    )
    catch_code(stage)
    stage.developer.exchanges()
    stage.shows("The code was exchanged")


@scene("operator")
def token_response_refused(stage: Stage) -> None:
    said = {"error": "invalid_grant", "error_description": "The code is too old. " + "w" * 80}
    stage.site.answer("/oauth/token", json.dumps(said), method="POST", status=400)
    catch_code(stage)
    stage.developer.exchanges()
    stage.shows("Token request failed")


@scene("operator")
def trace_good(stage: Stage) -> None:
    catch_code(stage)
    stage.developer.exchanges()
    stage.page.get_by_role("link", name="See the trace of this run").click()
    expect(stage.page.locator(".rung--good")).to_have_count(4)
    for summary in stage.page.locator(".rung summary").all():
        summary.click()


@scene("operator")
def trace_failed(stage: Stage) -> None:
    token_response_refused(stage)
    stage.page.get_by_role("link", name="See the trace of this run").click()
    stage.shows("Failed here")


@scene("operator")
def trace_open(stage: Stage) -> None:
    stage.developer.composes()
    stage.opens("/workbench/traces")
    stage.page.get_by_role("main").get_by_role("row", name=re.compile("Workbench")).first.get_by_role(
        "link"
    ).click()
    stage.shows("Nobody came back")


@scene("operator")
def traces(stage: Stage) -> None:
    stage.opens("/connect/callback?code=abc&state=strange")
    token_response_refused(stage)
    stage.developer.composes()
    stage.opens("/workbench/traces")
    stage.shows("Failed at the token request")


@scene("operator")
def traces_filtered_to_none(stage: Stage) -> None:
    stage.opens("/workbench/traces?outcome=No+run+of+ours&kind=Workbench")
    stage.shows("No run is like that")


@scene("operator")
def traces_without_match(stage: Stage) -> None:
    stage.opens("/workbench/traces?reference=7KQ2-MXW9-TR4C")
    stage.shows("No trace has this reference")


@scene("operator")
def drivers(stage: Stage) -> None:
    stage.opens("/workbench/drivers")
    stage.shows("denies@magic.example.com")


@scene(installation="partly set up")
def partners_partly_set_up(stage: Stage) -> None:
    stage.operator.signs_in()
    stage.opens("/partners")
    stage.shows("AYYEKA_KEY")


@scene(installation="partly set up")
def partner_not_set_up(stage: Stage) -> None:
    stage.operator.signs_in()
    stage.opens("/partners/ayyeka")
    stage.shows("Ayyeka is not set up here")


@scene(installation="partly set up")
def partner_token_refused(stage: Stage) -> None:
    stage.operator.signs_in()
    stage.opens("/partners/aspose")
    stage.page.get_by_role("button", name="Get a token now").click()
    stage.shows("Fix ASPOSE_CLIENT_ID and ASPOSE_CLIENT_SECRET")


@scene()
def implicit(stage: Stage) -> None:
    stage.opens("/implicit")
    expect(stage.page.get_by_role("button", name="Start in this browser")).to_be_enabled()


@scene()
def implicit_done(stage: Stage) -> None:
    stage.flow.goes_through()
    expect(stage.flow.devices).to_contain_text("3 in all.")


@scene()
def implicit_with_odd_names(stage: Stage) -> None:
    stage.site.name_devices(HOSTILE)
    stage.site.answer(
        "/api/v1/users/_current",
        f'{{"user": {{"id": "1", "email": "{"e" * 60}@example.com", "firstName": "{LONG}", "lastName": ""}}}}',
    )
    stage.flow.arrives_with_a_token()
    expect(stage.flow.devices).to_contain_text("6 in all.")


@scene()
def implicit_without_devices(stage: Stage) -> None:
    stage.site.name_devices([])
    stage.flow.goes_through()
    expect(stage.flow.devices).to_be_visible()
    stage.shows("No device is shared")


@scene()
def implicit_forgotten(stage: Stage) -> None:
    implicit_done(stage)
    stage.page.get_by_role("button", name="Forget the token").click()
    stage.shows("Forgotten")


@scene()
def implicit_partly_failed(stage: Stage) -> None:
    stage.site.break_calls("/api/v1/devices", status=503)
    stage.flow.goes_through()
    expect(stage.flow.devices).to_contain_text("503")


@scene()
def implicit_unauthorized(stage: Stage) -> None:
    stage.flow.arrives_with_a_token("nobody's")
    stage.flow.is_told("Vinli did not accept the token")


@scene()
def implicit_without_answer(stage: Stage) -> None:
    stage.opens("/implicit/callback")
    stage.flow.is_told("Nothing came back")


@scene()
def implicit_unknown_error(stage: Stage) -> None:
    stage.flow.comes_back_with(f"error={'x' * 300}&state={{state}}")
    stage.flow.is_told("Vinli reports an error")


@scene()
def sandbox_index(stage: Stage) -> None:
    stage.opens_sandbox("/")
    stage.shows("A stand-in for Vinli")


@scene()
def sandbox_sign_in(stage: Stage) -> None:
    stage.opens("/connect")
    stage.shows("Sign in")


@scene()
def sandbox_sign_in_refused(stage: Stage) -> None:
    stage.opens("/connect")
    stage.page.get_by_label("Password").fill("not the password")
    stage.page.get_by_role("button", name="Sign in").click()
    expect(stage.page.get_by_role("alert")).to_be_visible()


@scene()
def sandbox_sign_in_alone(stage: Stage) -> None:
    stage.opens_sandbox("/sign-in")
    stage.shows("Sign in")


@scene()
def sandbox_sign_up(stage: Stage) -> None:
    stage.opens_sandbox("/sign-up")


@scene()
def sandbox_consent(stage: Stage) -> None:
    stage.opens("/connect")
    stage.driver.signs_in()
    expect(stage.driver.approve_button).to_be_visible()


@scene()
def sandbox_index_signed_in(stage: Stage) -> None:
    sandbox_consent(stage)
    stage.opens_sandbox("/")
    stage.shows("A stand-in for Vinli")


@scene()
def sandbox_signed_out(stage: Stage) -> None:
    stage.opens_sandbox("/signed-out")


@scene()
def sandbox_question_closed(stage: Stage) -> None:
    sandbox_consent(stage)
    stage.driver.loses_the_way_back()
    # The same decision again would count as a double click. A different one comes too late.
    stage.driver.refuses()
    expect(stage.page.get_by_role("heading", level=1)).to_have_text("This question is no longer open")


@scene()
def sandbox_unknown_client(stage: Stage) -> None:
    stage.opens_sandbox("/oauth/authorization/new?client_id=nobody")
    stage.shows("invalid_client")


@scene()
def sandbox_wrong_redirect_uri(stage: Stage) -> None:
    client_id = stage.site.sandbox.credentials["client_id"]
    stage.opens_sandbox(
        f"/oauth/authorization/new?client_id={client_id}&response_type=code&redirect_uri=http://127.0.0.1/other"
    )
    stage.shows("invalid_request")


@scene()
def sandbox_not_found(stage: Stage) -> None:
    stage.opens_sandbox("/nothing/here")
    stage.shows("404")


@scene(installation="bare")
def bare_home(stage: Stage) -> None:
    stage.opens("/")
    stage.shows("Connect your car")


@scene(installation="bare")
def bare_implicit(stage: Stage) -> None:
    stage.opens("/implicit")
    stage.shows("This flow is switched off")


@scene(installation="bare")
def bare_implicit_callback(stage: Stage) -> None:
    stage.opens("/implicit/callback")
    stage.shows("This flow is switched off")


@scene(installation="bare")
def bare_operator(stage: Stage) -> None:
    stage.opens("/operator")
    stage.shows("Nothing is here")


@scene(installation="bare")
def too_many_requests(stage: Stage) -> None:
    for _ in range(3):
        stage.opens("/connect")
    stage.driver.sees("Too many tries")
