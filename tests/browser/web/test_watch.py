"""The watch over every cookie jar sees what it is there for."""

import pytest

from tests.support.chromium.launching import open_context


@pytest.mark.parametrize(
    ("deed", "word"),
    [
        ("document.body.setAttribute('style', 'color: red')", "Content-Security-Policy: style-src"),
        ("location.assign('http://outside.invalid/')", "left this machine"),
        ("fetch('http://outside.invalid/').catch(() => {})", "Content-Security-Policy: connect-src"),
        ("setTimeout(() => { throw new Error('lost') })", "uncaught: "),
        ("console.warn('odd')", "console warning"),
        (
            "document.head.append(Object.assign(document.createElement('script'), {src: '/static/none.js'}))",
            "404 for",
        ),
    ],
)
def test_a_page_that_misbehaves_is_seen(browser, site, deed, word):
    context, watch = open_context(browser)
    page = context.new_page()
    page.goto(site.url("/"))
    assert watch.problems == []
    page.evaluate(deed)
    # Events arrive between two calls to the browser.
    for _ in range(200):
        if any(word in problem for problem in watch.problems):
            break
        context.cookies()
    assert any(word in problem for problem in watch.problems), watch.problems
    context.close()
