"""The people who use the site, with methods for their actions."""

from __future__ import annotations

import re
from html import escape
from urllib.parse import parse_qsl

from playwright.sync_api import Locator, Page, Route, expect

from tests.support.chromium.sites import OPERATOR, Site


class Driver:
    """A person who connects a car. ``number`` selects one of the sandbox's drivers; the first has three cars."""

    def __init__(self, page: Page, site: Site, number: int = 0) -> None:
        self.page = page
        self.site = site
        self.number = number

    def visits(self, path: str = "/") -> None:
        self.page.goto(self.site.url(path))

    def presses_connect(self) -> None:
        self.page.get_by_role("link", name="Connect your car").first.click()

    def signs_in(self, email: str | None = None) -> None:
        """Sign in at the sandbox, with the driver's own or another ``email``."""
        expect(self.page.get_by_role("heading", level=1)).to_contain_text("Sign in")
        self.page.get_by_label("E-mail").fill(email or self.site.email(self.number))
        self.page.get_by_label("Password").fill(self.site.password)
        self.page.get_by_role("button", name="Sign in").click()

    @property
    def approve_button(self) -> Locator:
        return self.page.get_by_role("button", name=re.compile("Approve|Allow"))

    def approves(self) -> None:
        self.approve_button.click()

    def refuses(self) -> None:
        self.page.get_by_role("button", name=re.compile("Refuse|Cancel|Deny")).click()

    def connects(self, path: str = "/connect") -> None:
        """Go through the whole flow from ``path``."""
        self.visits(path)
        self.signs_in()
        self.approves()
        self.page.wait_for_url(f"{self.site.origin}/**")

    def loses_the_way_back(self) -> str:
        """Approve, but do not open the callback; return the URL of the redirect."""
        addresses: list[str] = []

        def lose(route: Route) -> None:
            addresses.append(route.fetch(max_redirects=0).headers["location"])
            route.fulfill(status=204)

        self.page.route("**/oauth/authorization", lose)
        with self.page.expect_response("**/oauth/authorization"):
            self.approves()
        self.page.unroute("**/oauth/authorization")
        return addresses[0]

    def signs_out_of_the_sandbox(self) -> None:
        self.page.context.clear_cookies(name="sandbox_session")

    def disconnects(self) -> None:
        self.page.get_by_role("button", name="Disconnect").click()
        expect(self.page.get_by_role("main")).to_contain_text("You are disconnected")

    def sees_garage(self, cars: int) -> None:
        expect(self.page).to_have_url(self.site.url("/garage"))
        self.sees("Your garage")
        expect(self.cards).to_have_count(cars)

    def sees(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)

    @property
    def cards(self) -> Locator:
        return self.page.get_by_role("main").get_by_role("listitem")


class Operator:
    """The person who runs the installation."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page = page
        self.site = site

    def signs_in(self, password: str = OPERATOR) -> None:
        self.page.goto(self.site.url("/operator"))
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def searches(self, text: str) -> None:
        self.page.get_by_role("searchbox").fill(text)
        self.page.get_by_role("button", name="Search").click()

    @property
    def rows(self) -> Locator:
        return self.page.locator("table tbody tr")


class Developer(Operator):
    """The operator at the workbench, who is also a driver while trying out requests."""

    def opens(self, tool: str) -> None:
        """Open a tool of the workbench: "", "compose", "catch", "traces" and so on."""
        self.page.goto(self.site.url(f"/workbench/{tool}".rstrip("/")))

    def composes(self, **fields: str) -> None:
        """Make a request. ``fields`` are the form's fields that get another value."""
        self.opens("compose")
        for name, value in fields.items():
            field = self.page.locator(f"[name={name}]")
            if field.evaluate("element => element.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        self.page.get_by_role("button", name="Make the request").click()
        expect(self.page.get_by_role("heading", name="Your request")).to_be_visible()

    def follows(self) -> None:
        """Follow the request, sign in if asked to, approve, and come back."""
        self.page.get_by_role("link", name="Open at").click()
        driver = Driver(self.page, self.site)
        driver.signs_in()
        driver.approves()
        self.page.wait_for_url(f"{self.site.origin}/**")

    def exchanges(self) -> None:
        self.page.get_by_role("button", name="Exchange it for tokens").click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Token response")

    def goes_through(self, **fields: str) -> None:
        """Compose, follow, approve: ends on the catch page."""
        self.composes(**fields)
        self.follows()

    def gets_a_form(self, parameters: str, *, has_scripts: bool = True) -> None:
        """Let a page of another site send ``parameters`` to the catch page as a form. With scripts it does so alone."""
        fields = "".join(
            f'<input name="{escape(name)}" value="{escape(value)}">' for name, value in parse_qsl(parameters)
        )
        action = self.site.url("/workbench/catch")
        html = f'<form method="post" action="{action}">{fields}<button>Go on</button></form>'
        html += "<script>document.forms[0].submit()</script>" if has_scripts else ""
        # The other site has another host name, because cookies do not depend on ports.
        elsewhere, content_type = "http://localhost/form", "text/html; charset=utf-8"
        self.page.route(elsewhere, lambda route: route.fulfill(body=html, content_type=content_type))
        with self.page.expect_navigation(url="**/workbench/catch"):
            self.page.goto(elsewhere, wait_until="commit")
            if not has_scripts:
                self.page.get_by_role("button", name="Go on").click()

    def catches(self, tail: str) -> None:
        """Open the catch page with a response. ``tail`` is its query or its fragment, including "?" or "#"."""
        self.page.goto("about:blank")
        self.page.goto(self.site.url("/workbench/catch" + tail))

    @property
    def main(self) -> Locator:
        return self.page.get_by_role("main")

    @property
    def parameters(self) -> Locator:
        """Return the parameters that a page shows, each with its name and value."""
        return self.main.locator(".parameter:visible")

    def value_of(self, name: str) -> Locator:
        """Return the shown value of the parameter ``name``."""
        exact = re.compile(f"^{re.escape(name)}$")
        return self.parameters.filter(has=self.page.locator("dt", has_text=exact)).locator("dd > code")
