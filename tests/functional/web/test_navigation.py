"""Everybody finds their own in the navigation: drivers their garage, operators their tools, others the doors below."""

from __future__ import annotations

import re

import pytest


def links(page, part):
    """Return the texts of the links in a part of a page."""
    text = re.search(f"<{part}.*?</{part}>", page.text, re.DOTALL)
    return re.findall(r"<a [^>]*>([^<]+)</a>", text[0]) if text else []


@pytest.fixture
def site(vinli, local_site):
    return local_site(vinli.origin)


def test_a_visitor_finds_the_doors_below(site):
    with site.browser() as browser:
        page = browser.get("/")
    assert links(page, "nav") == []
    assert links(page, "footer") == ["For developers: the flow in the browser", "For operators: sign in"]


def test_an_operator_finds_the_tools_and_the_way_out_on_every_page(site):
    with site.browser() as browser:
        browser.sign_in_as_operator()
        for path in (
            "/",
            "/operator/devices",
            "/workbench",
            "/workbench/traces",
            "/partners",
            "/no-such-page",
        ):
            page = browser.get(path)
            assert links(page, "nav")[:3] == ["Devices", "Workbench", "Partners"]
            assert 'action="/operator/sign-out"' in page.text


def test_a_callback_without_a_query_is_named_and_belongs_to_the_sign_in_that_was_begun(site):
    with site.browser() as browser:
        browser.get("/connect")
        page = browser.get("/connect/callback")
        assert page.status_code == 400
        assert 'data-problem="callback_without_query"' in page.text
        browser.sign_in_as_operator()
        reference = re.search(r"[B-Z2-9]{4}-[B-Z2-9]{4}-[B-Z2-9]{4}", page.text)[0]
        trace = browser.get(browser.get(f"/workbench/traces?reference={reference}").headers["Location"]).text
        assert "Failed here" in trace
        assert trace.index("Authorization request") < trace.index("Failed here")


def test_who_disconnects_is_told_what_vinli_remembers(site):
    with site.browser() as browser:
        page = browser.get("/?left=1")
    assert "Vinli may remember that you approved" in page.text
    assert f'href="{site.settings.vinli_auth_url}"' in page.text
