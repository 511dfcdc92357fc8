"""Decide whether to send the same request again, and how long to wait before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from providers.errors import ProviderError


@dataclass(frozen=True)
class Retries:
    """At most `limit` repeats with "full jitter": a random pause up to a bound that doubles each time.

    `base` and `cap` are seconds; `random` returns numbers from 0 to 1.
    """

    random: Callable[[], float]
    limit: int = 2
    base: float = 0.2
    cap: float = 2.0

    def pause(self, failure: ProviderError, attempt: int, remaining: float) -> float | None:
        """Return the seconds to wait after failed attempt number `attempt` (from 0), None to give up.

        A Retry-After is honoured if it fits into the `remaining` seconds. A little jitter is added, so that clients
        with the same Retry-After do not return at the same moment.
        """
        if attempt >= self.limit or not failure.is_transient:
            return None
        if failure.retry_after is None:
            pause = self.random() * min(self.cap, self.base * 2**attempt)
        else:
            pause = failure.retry_after + self.random() * self.base
        return pause if pause < remaining else None
