"""The table of results: the measured value, its baseline, and whether the target is met."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass

from bench.figures import Series

HEADINGS = ("what", "ours", "baseline", "ratio", "target", "met")


@dataclass(frozen=True)
class Row:
    """One comparison. `is_met` is None if there is no target."""

    what: str
    ours: str
    baseline: str
    ratio: str
    target: str
    is_met: bool | None


def compared(
    what: str,
    ours: Series,
    baseline: Series,
    *,
    at_most: float | None = None,
    times_faster: float | None = None,
    is_speed: bool = False,
) -> Row:
    """Compare seconds of the same rounds. The target applies to the median of the ratios.

    `at_most` is the maximum of ours / baseline, `times_faster` the minimum of baseline / ours. `is_speed` shows
    baseline / ours without a target.
    """
    ratio = baseline.over(ours) if times_faster or is_speed else ours.over(baseline)
    target, is_met = "", None
    if at_most is not None:
        target, is_met = f"at most {at_most:g}", ratio.median <= at_most
    elif times_faster is not None:
        target, is_met = f"at least {times_faster:g}", ratio.median >= times_faster
    return Row(what, milliseconds(ours), milliseconds(baseline), _with_spread(ratio, 1, 2), target, is_met)


def counted(what: str, ours: object, baseline: object, target: str, *, is_met: bool) -> Row:
    """Return the row of a counted value."""
    return Row(what, str(ours), str(baseline), "", target, is_met)


def milliseconds(series: Series) -> str:
    """Return the median in milliseconds, with the quartiles in brackets."""
    return f"{_with_spread(series, 1000, 1)} ms"


def table(rows: Iterable[Row]) -> str:
    """Return the rows as a text table."""
    cells = [HEADINGS, *([*astuple(row)[:-1], _verdict(row)] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


def _with_spread(series: Series, factor: float, decimals: int) -> str:
    middle, low, high = (f"{value * factor:,.{decimals}f}" for value in (series.median, *series.quartiles))
    return middle if len(series.values) == 1 else f"{middle} ({low} to {high})"


def _verdict(row: Row) -> str:
    return {None: "", True: "yes", False: "NO"}[row.is_met]
