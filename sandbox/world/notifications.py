"""The record of what subscribers were told (docs event-services/notifications, until 2024)."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

MOST_KEPT = 2_000


@dataclass(frozen=True)
class Notification:
    """One event for one subscription. ``payload`` is the JSON text that is posted.

    ``state`` goes from created to queued, and from there to complete or error.
    """

    id: str
    subscription_id: str
    device_id: str
    event_id: str
    event_type: str
    event_ms: int
    url: str
    payload: str
    created_ms: int
    state: str = "created"
    response_code: int | None = None
    response: str | None = None
    notified_ms: int | None = None
    responded_ms: int | None = None

    @property
    def is_over(self) -> bool:
        """Whether there will be no further attempt to post it."""
        return self.state in ("complete", "error")


class Notifications:
    """The newest MOST_KEPT notifications. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Notification] = OrderedDict()

    def keep(self, notification: Notification) -> None:
        """Keep a new notification, and drop the oldest one when there are too many."""
        with self._lock:
            self._kept[notification.id] = notification
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)

    def queued(self, notification_id: str) -> Notification | None:
        """Return a notification that is about to be posted; None when it was dropped."""
        with self._lock:
            found = self._kept.get(notification_id)
            if found is not None:
                found = self._kept[notification_id] = replace(found, state="queued")
            return found

    def finish(
        self, notification_id: str, status: int | None, response: str, notified_ms: int, responded_ms: int
    ) -> None:
        """Note the end of the last attempt; ``status`` is None when there was no response."""
        with self._lock:
            found = self._kept.get(notification_id)
            if found is not None:
                self._kept[notification_id] = replace(
                    found,
                    state="complete" if status is not None and 200 <= status < 300 else "error",
                    response_code=status,
                    response=response,
                    notified_ms=notified_ms,
                    responded_ms=responded_ms,
                )

    def find(self, notification_id: str) -> Notification | None:
        """Return the notification with this id, or None."""
        with self._lock:
            return self._kept.get(notification_id)

    def of_subscription(self, subscription_id: str) -> list[Notification]:
        """Return the notifications of a subscription, oldest first."""
        with self._lock:
            return [one for one in self._kept.values() if one.subscription_id == subscription_id]

    def of_event(self, event_id: str) -> list[Notification]:
        """Return the notifications of an event, oldest first."""
        with self._lock:
            return [one for one in self._kept.values() if one.event_id == event_id]
