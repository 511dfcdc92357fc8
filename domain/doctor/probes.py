"""A short cache of secret tests at the token endpoint, because a page may be loaded many times."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256

from providers.vinli.oauth.oauth_clients import Probe

KEPT_SECONDS = 30.0


@dataclass
class _Slot:
    lock: threading.Lock = field(default_factory=threading.Lock)
    probe: Probe | None = None
    asked_at: float = 0.0


class RecentProbes:
    """Test each client at most once in 30 seconds, whatever the result. ``clock`` returns Unix seconds.

    If two threads test the same client, the second waits for the result of the first.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._slots: dict[bytes, _Slot] = {}

    def probe(self, client_id: str, client_secret: str, ask: Callable[[], Probe]) -> Probe:
        """Return the result of ``ask`` for this pair if it is less than 30 seconds old; otherwise call ``ask``."""
        key = sha256(f"{client_id}\0{client_secret}".encode()).digest()
        slot = self._slots.setdefault(key, _Slot())
        with slot.lock:
            age = self._clock() - slot.asked_at
            if slot.probe is not None and 0 <= age < KEPT_SECONDS:  # below 0 if the clock was set back
                return replace(slot.probe, age=age)
            slot.probe, slot.asked_at = ask(), self._clock()
            return slot.probe
