"""The one-click links of operators."""

from __future__ import annotations

from urllib.parse import urlsplit

from blueprints.web.operator_link import make_link
from tests.support.pages import Page


def link_of(local):
    """Make a one-click link as the command line does; return it as a path."""
    with local.app.app_context():
        url = urlsplit(make_link())
    return f"{url.path}?{url.query}"


def follow_link(browser, link):
    """Open a link and press the button on its page."""
    return press_button(browser, browser.get(link), link)


def press_button(browser, page, link):
    """Send the form of a link's page, which goes to the page's own address."""
    return browser.post(link, **Page(page.text).form("")["fields"])
