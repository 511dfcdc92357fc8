"""The implicit flow as a driver sees it, and ways to open its callback page with any response."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.support.chromium.people import Driver

REMEMBER = "import('/static/js/implicit/attempts.js').then((attempts) => attempts.remember())"


class BrowserFlow(Driver):
    """A driver on the pages of the implicit flow."""

    def starts(self) -> None:
        self.visits("/implicit")
        self.page.get_by_role("button", name="Start in this browser").click()

    def goes_through(self) -> None:
        self.starts()
        self.signs_in()
        self.approves()
        self.page.wait_for_url(f"{self.site.origin}/**")

    def comes_back_with(self, fragment: str) -> None:
        """Open the callback with this fragment. ``{state}`` in it is replaced by the state of a new attempt."""
        self.visits("/implicit")
        state = self.page.evaluate(REMEMBER)
        self.visits("/implicit/callback#" + fragment.replace("{state}", state))

    def arrives_with_a_token(self, token: str = "any-token") -> None:
        self.comes_back_with(f"access_token={token}&token_type=Bearer&state={{state}}")

    def is_told(self, title: str) -> None:
        expect(self.notice).to_contain_text(title)

    @property
    def notice(self) -> Locator:
        return self.page.get_by_role("status")

    @property
    def user(self) -> Locator:
        return self.page.get_by_role("region", name="Who")

    @property
    def devices(self) -> Locator:
        return self.page.get_by_role("region", name="Devices")
