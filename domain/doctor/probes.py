"""What the token endpoint last said of our clients' secrets, for pages that are loaded again and again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256

from providers.vinli.clients import Probe

KEPT_SECONDS = 30.0


@dataclass
class _Slot:
    lock: threading.Lock = field(default_factory=threading.Lock)
    probe: Probe | None = None
    asked_at: float = 0.0


class RecentProbes:
    """Asks about a client at most once in 30 seconds, whatever came of it. ``clock`` returns Unix seconds.

    Whoever comes while another is asking waits for that answer.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._slots: dict[bytes, _Slot] = {}

    def probe(self, client_id: str, client_secret: str, ask: Callable[[], Probe]) -> Probe:
        """Return what ``ask`` said of this pair less than 30 seconds ago, or says now."""
        key = sha256(f"{client_id}\0{client_secret}".encode()).digest()
        slot = self._slots.setdefault(key, _Slot())
        with slot.lock:
            age = self._clock() - slot.asked_at
            if slot.probe is not None and 0 <= age < KEPT_SECONDS:  # below 0: the clock was set back
                return replace(slot.probe, age=age)
            slot.probe, slot.asked_at = ask(), self._clock()
            return slot.probe
