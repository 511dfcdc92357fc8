"""How measured times are summed up and compared."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from math import ceil


def expected_seconds(latency: float, pages: int, concurrency: int, transfer: float) -> float:
    """Return how long a list of `pages` takes at best, when the first page has to tell how many there are.

    `latency` is that of one request, `concurrency` the number of requests in flight, `transfer` what moving the
    same bytes takes without latency; all in seconds.
    """
    return latency * (1 + ceil((pages - 1) / concurrency)) + transfer


@dataclass(frozen=True)
class Series:
    """The same thing measured several times."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def quartiles(self) -> tuple[float, float]:
        """The values that a quarter lies below, and above; the only value when there is one."""
        if len(self.values) == 1:
            return self.values[0], self.values[0]
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return low, high

    def over(self, other: Series) -> Series:
        """Return the ratios to what was measured in the same rounds."""
        return Series(tuple(a / b for a, b in zip(self.values, other.values, strict=True)))

    def minus(self, other: Series) -> Series:
        """Return the differences to what was measured in the same rounds."""
        return Series(tuple(a - b for a, b in zip(self.values, other.values, strict=True)))
