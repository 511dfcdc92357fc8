"""axe-core in a page: the automatic part of WCAG 2.2 AA, and axe's own best practices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SOURCE = (Path(__file__).parents[2] / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """(runOnly) => axe.run(document, {runOnly, resultTypes: ["violations"]})"""
# The one rule whose outcome a colour scheme changes.
CONTRAST = "color-contrast"


def violations(page: Page, rule: str | None = None) -> list[str]:
    """Return what axe finds wrong with the page as it is now, one line for each element; by one rule alone if given."""
    # Evaluated through the debugger, so the page's own policy needs no exception for it.
    if not page.evaluate("'axe' in window"):
        page.evaluate(SOURCE)
    wanted = {"type": "rule", "values": [rule]} if rule else {"type": "tag", "values": TAGS}
    return [line for found in page.evaluate(RUN, wanted)["violations"] for line in _lines(found)]


def _lines(violation: dict[str, Any]) -> list[str]:
    return [
        f"{violation['id']} at {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for node in violation["nodes"]
    ]
