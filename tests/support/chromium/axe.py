"""Run axe-core in a page: the automatic checks of WCAG 2.2 AA, and axe's own best practices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SOURCE = (Path(__file__).parents[2] / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """(runOnly) => axe.run(document, {runOnly, resultTypes: ["violations"]})"""


def violations(page: Page) -> list[str]:
    """Return axe's findings about the current page, one line for each element."""
    # The debugger evaluates the script, so the page's own policy needs no exception.
    if not page.evaluate("'axe' in window"):
        page.evaluate(SOURCE)
    wanted = {"type": "tag", "values": TAGS}
    return [line for found in page.evaluate(RUN, wanted)["violations"] for line in _lines(found)]


def _lines(violation: dict[str, Any]) -> list[str]:
    return [
        f"{violation['id']} at {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for node in violation["nodes"]
    ]
