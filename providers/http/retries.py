"""Decide whether to send the same request again, and how long to wait before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from providers.errors import ProviderError

MAX_RETRY_AFTER = 86_400.0


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


def retry_after_seconds(value: str | None, now: float) -> float | None:
    """Return the seconds of a Retry-After header (RFC 9110, section 10.2.3): a number or an HTTP date.

    None if it is neither. `now` is a Unix time. A past date counts as 0, more than a day as one day.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:10]), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment.timestamp() - now, 0.0), MAX_RETRY_AFTER)
