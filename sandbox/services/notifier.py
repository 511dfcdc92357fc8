"""Notifications on their way: made for events, and posted by a few threads.

Those of one subscription are posted one after the other. A subscriber who does not respond holds up few others.

The docs (event-services/notifications, until 2024) name the states and the payload. How often and when Vinli tries
again is not documented. Here a subscriber who does not respond or answers with 5xx is tried again after each of
WAITS seconds of real time; any other response ends it.
"""

import heapq
import logging
import threading
import time
import uuid
from collections.abc import Callable

from sandbox.api.dates import iso
from sandbox.api.event_json import EventJson
from sandbox.api.serializers import to_json
from sandbox.services.posting import NotSent, post
from sandbox.world.clock import Clock
from sandbox.world.notifications import Notification, Notifications
from sandbox.world.watching import Event, Subscription

logger = logging.getLogger(__name__)

WAITS = (1.0, 4.0)
LANES = 4
MOST_WAITING = 1_000
TOO_MANY = f"More than {MOST_WAITING} notifications were waiting"


class Notifier:
    """Makes a notification for an event and a subscription, and posts it. ``hosts`` are as in ``post``."""

    def __init__(
        self, notifications: Notifications, event_json: EventJson, clock: Clock, hosts: tuple[str, ...]
    ) -> None:
        self._notifications = notifications
        self._json = event_json
        self._clock = clock
        self._hosts = hosts
        self._lanes = [Lane(self._post) for _ in range(LANES)]

    def tell(self, event: Event, subscription: Subscription) -> None:
        """Make a notification and let it be posted soon."""
        now = self._clock.now_ms()
        notification = Notification(
            id=str(uuid.uuid4()),
            subscription_id=subscription.id,
            device_id=event.device_id,
            event_id=event.id,
            event_type=event.event_type,
            event_ms=event.timestamp_ms,
            url=subscription.url,
            payload=self._payload(event, subscription, now),
            created_ms=now,
        )
        self._notifications.keep(notification)
        if not self._lane(notification).queue(time.monotonic(), notification.id, 0):
            self._notifications.finish(notification.id, None, TOO_MANY, now, now)

    def _payload(self, event: Event, subscription: Subscription, now_ms: int) -> str:
        stored = {"stored": iso(now_ms), "storageLatency": now_ms - event.timestamp_ms}
        told = self._json.event(event) | stored
        return to_json(
            {"notification": {"event": told, "subscription": self._json.subscription(subscription)}}
        )

    def _lane(self, notification: Notification) -> "Lane":
        """Return the lane of a subscription."""
        return self._lanes[uuid.UUID(notification.subscription_id).int % LANES]

    def _post(self, notification_id: str, attempts: int) -> None:
        notification = self._notifications.queued(notification_id)
        if notification is None:
            return
        notified_ms = self._clock.now_ms()
        status: int | None = None
        try:
            status, response = post(notification.url, notification.payload, self._hosts)
            is_final = status < 500
        except NotSent as error:
            response, is_final = str(error), error.is_final
        if not is_final and attempts < len(WAITS):
            due = time.monotonic() + WAITS[attempts]
            if self._lane(notification).queue(due, notification_id, attempts + 1):
                return
        self._notifications.finish(notification_id, status, response, notified_ms, self._clock.now_ms())


class Lane:
    """Notifications that wait, and the thread that posts them one after the other with ``post``."""

    def __init__(self, post: Callable[[str, int], None]) -> None:
        self._post = post
        self._changed = threading.Condition()
        # (due in monotonic seconds, id, attempts so far)
        self._waiting: list[tuple[float, str, int]] = []
        self._thread: threading.Thread | None = None

    def queue(self, due: float, notification_id: str, attempts: int) -> bool:
        """Let a notification be posted when it is due; tell whether there was room for it."""
        with self._changed:
            if len(self._waiting) >= MOST_WAITING:
                return False
            heapq.heappush(self._waiting, (due, notification_id, attempts))
            self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._post_all, name="sandbox-notifier", daemon=True)
                self._thread.start()
            return True

    def _post_all(self) -> None:
        """Post what is due, until nothing waits any more."""
        while True:
            with self._changed:
                if not self._waiting:
                    self._thread = None
                    return
                wait = self._waiting[0][0] - time.monotonic()
                if wait > 0:
                    self._changed.wait(wait)
                    continue
                _, notification_id, attempts = heapq.heappop(self._waiting)
            try:
                self._post(notification_id, attempts)
            except Exception:
                logger.exception("a notification could not be posted")
