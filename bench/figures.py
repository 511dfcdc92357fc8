"""Summarize and compare measured times."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from math import ceil


def expected_seconds(latency: float, pages: int, concurrency: int, transfer: float) -> float:
    """Return the shortest possible seconds for a list of `pages`, if only the first page gives their number.

    `latency` is the seconds of one request, `concurrency` the number of requests in flight, and `transfer` the seconds
    to move the same bytes without latency.
    """
    return latency * (1 + ceil((pages - 1) / concurrency)) + transfer


@dataclass(frozen=True)
class Series:
    """Several measurements of the same value."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def quartiles(self) -> tuple[float, float]:
        """The lower and the upper quartile. If there is one value, both are that value."""
        if len(self.values) == 1:
            return self.values[0], self.values[0]
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return low, high

    def over(self, other: Series) -> Series:
        """Return the ratios to the values of the same rounds."""
        return Series(tuple(a / b for a, b in zip(self.values, other.values, strict=True)))

    def minus(self, other: Series) -> Series:
        """Return the differences to the values of the same rounds."""
        return Series(tuple(a - b for a, b in zip(self.values, other.values, strict=True)))
