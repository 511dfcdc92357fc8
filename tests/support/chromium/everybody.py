"""Check that everybody can use a page: with axe, by keyboard only, on narrow screens, with large text."""

from playwright.sync_api import Page

from tests.support.chromium.axe import violations
from tests.support.chromium.launching import DESKTOP, PHONE

# Only contrast depends on the scheme, and colours do not depend on the size.
LOOKS = [(PHONE, "light"), (DESKTOP, "dark")]
NARROW = {"width": 320, "height": 640}

OVERFLOW = "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
# Elements that cut text off: their content is wider than they are, and they hide the overflow.
CUT_OFF = """() => [...document.querySelectorAll("body *")].filter((element) => {
  const style = getComputedStyle(element);
  const hides = [style.overflowX, style.overflowY].some((value) => value === "hidden" || value === "clip");
  return hides && element.clientWidth > 1 && !element.closest(".visually-hidden, .unseen, svg, input")
    && (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1);
}).map((element) => element.outerHTML.slice(0, 200))"""
# Radio buttons with one name are one tab stop, because the arrow keys move between them.
STOPS = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
  .filter((element) => !element.disabled && element.checkVisibility() && element.type !== "hidden"
    && (element.type !== "radio" || element.checked)).length"""
FOCUSED = """() => {
  const element = document.activeElement;
  if (element === document.body) return null;
  window.stops ??= [];
  const isNew = !window.stops.includes(element);
  window.stops.push(element);
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return {
    isNew,
    name: element.outerHTML.slice(0, 120),
    follows: window.stops.length < 2
      || Boolean(window.stops.at(-2).compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING),
    hasRing: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    isInView: box.bottom > 0 && box.top < innerHeight && box.width > 0,
  };
}"""


def check(page: Page) -> None:
    """Run all checks on the page."""
    found = []
    for size, scheme in LOOKS:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        found += [f"{size['width']} px, {scheme}: {line}" for line in violations(page)]
    assert found == []
    for size in (PHONE, NARROW):
        page.set_viewport_size(size)
        assert page.evaluate(OVERFLOW) <= 0, f"scrolls sideways at {size['width']} px"
    check_large_text(page)
    check_keyboard(page)


def check_large_text(page: Page) -> None:
    """Check that text at 200 % (WCAG 2.2, 1.4.4) is neither cut off nor wider than the page."""
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    for size in (PHONE, DESKTOP):
        page.set_viewport_size(size)
        assert page.evaluate(OVERFLOW) <= 0, f"scrolls sideways at {size['width']} px with large text"
        assert page.evaluate(CUT_OFF) == []
    page.evaluate("document.documentElement.style.fontSize = ''")


def check_keyboard(page: Page) -> None:
    """Check that the Tab key reaches everything once, in the order of the page, and that the focus is visible."""
    page.evaluate("document.activeElement.blur(); getSelection().removeAllRanges()")
    page.evaluate(
        "document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')"
    )
    stops = min(page.evaluate(STOPS), 40)
    for _ in range(stops):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        assert focused is not None, "the Tab key left the page early"
        for claim in ("isNew", "follows", "hasRing", "isInView"):
            assert focused[claim], f"{claim} does not hold for {focused['name']}"
