"""Vinli's event service: who is told of events, and what they were told (docs event-services, until 2024)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from requests.auth import AuthBase

from providers.http.transport import Transport
from providers.paging.time_parts import TimeListing, TimePage
from providers.vinli.service import item, readable
from providers.vinli.time_lists import DEFAULT_LIMIT, TimeLists
from providers.vinli.values import Fields, Subject

PROVIDER = "vinli events"
# What an app keeps with a subscription may be long.
LONGEST_APP_DATA = 10_000
LONGEST_PAYLOAD = 100_000


@dataclass(frozen=True, slots=True)
class Subscription:
    """A wish to be told of events. `kind` is their type, which may be a wildcard such as `rule-*`. Times are UTC.

    `object_id` and `object_kind` name the one thing it is about, such as a rule. `app_data` is the app's own text.
    """

    id: str
    kind: str
    url: str
    device_id: str | None
    vehicle_id: str | None
    object_id: str | None
    object_kind: str | None
    app_data: str | None
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Notification:
    """One event that was told to one subscriber. `state` is `created`, `queued`, `complete` or `error`.

    `status` and `response` are what the subscriber answered; None while it was not asked or if no answer came.
    `payload` is the JSON text that was posted. Times are UTC.
    """

    id: str
    state: str | None
    event_id: str | None
    event_kind: str | None
    event_at: datetime | None
    subscription_id: str | None
    url: str | None
    status: int | None
    response: str | None
    payload: str | None
    created_at: datetime
    notified_at: datetime | None
    responded_at: datetime | None


class SubscriptionsClient(TimeLists):
    """The subscriptions and notifications of the event service."""

    def __init__(self, transport: Transport, origin: str, concurrency: int) -> None:
        super().__init__(PROVIDER, transport, origin, concurrency)

    def subscriptions(
        self, auth: AuthBase, subject: Subject, *, deadline: float | None = None
    ) -> list[Subscription]:
        """Return the subscriptions of a device or vehicle, at most 100, newest first. Raises the ProviderErrors.

        One odd record is left out.
        """
        answer = self.get(auth, self._path(subject), deadline, {"limit": 100, "offset": 0})
        return item(answer, "subscriptions", partial(readable, read=_subscription))

    def subscription(
        self, auth: AuthBase, subscription_id: str, *, deadline: float | None = None
    ) -> Subscription:
        """Return one subscription. Raises NotFound, and the other ProviderErrors."""
        path = f"/subscriptions/{self.path_id(subscription_id)}"
        return item(self.get(auth, path, deadline), "subscription", _subscription)

    def subscribe(
        self,
        auth: AuthBase,
        subject: Subject,
        kind: str,
        url: str,
        *,
        rule_id: str | None = None,
        app_data: str | None = None,
        deadline: float | None = None,
    ) -> Subscription:
        """Have events of a type posted to `url`; types of rules need a `rule_id`. Raises the ProviderErrors."""
        body: dict[str, Any] = {"eventType": kind, "url": url}
        if rule_id is not None:
            body["object"] = {"id": self.path_id(rule_id), "type": "rule"}
        if app_data is not None:
            body["appData"] = app_data
        answer = self.post(auth, self._path(subject), {"subscription": body}, deadline)
        return item(answer, "subscription", _subscription)

    def change(
        self,
        auth: AuthBase,
        subscription_id: str,
        *,
        url: str | None = None,
        app_data: str | None = None,
        deadline: float | None = None,
    ) -> Subscription:
        """Change the address or the app's text; None leaves it. Raises NotFound, and the other ProviderErrors."""
        given = {"url": url, "appData": app_data}
        body = {"subscription": {name: value for name, value in given.items() if value is not None}}
        path = f"/subscriptions/{self.path_id(subscription_id)}"
        return item(self.put(auth, path, body, deadline), "subscription", _subscription)

    def delete(self, auth: AuthBase, subscription_id: str, *, deadline: float | None = None) -> None:
        """Delete a subscription. Raises NotFound, and the other ProviderErrors."""
        self.remove(auth, f"/subscriptions/{self.path_id(subscription_id)}", deadline)

    def notifications(
        self,
        auth: AuthBase,
        subscription_id: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> TimeListing[Notification]:
        """Return all notifications of a subscription in a window, newest first. Raises the ProviderErrors."""
        path = f"/subscriptions/{self.path_id(subscription_id)}/notifications"
        return self.all_by_time(auth, path, "notifications", _notification, _at, since=since, until=until)

    def notifications_page(
        self,
        auth: AuthBase,
        subscription_id: str,
        *,
        limit: int = DEFAULT_LIMIT,
        deadline: float | None = None,
    ) -> TimePage[Notification]:
        """Return the newest notifications of a subscription. Raises the ProviderErrors."""
        path = f"/subscriptions/{self.path_id(subscription_id)}/notifications"
        return self.page_by_time(
            auth, path, "notifications", _notification, _at, limit=limit, deadline=deadline
        )

    def notifications_of_event(
        self, auth: AuthBase, event_id: str, *, limit: int = DEFAULT_LIMIT, deadline: float | None = None
    ) -> TimePage[Notification]:
        """Return the newest notifications of an event. Raises the ProviderErrors."""
        path = f"/events/{self.path_id(event_id)}/notifications"
        return self.page_by_time(
            auth, path, "notifications", _notification, _at, limit=limit, deadline=deadline
        )

    def notification(
        self, auth: AuthBase, notification_id: str, *, deadline: float | None = None
    ) -> Notification:
        """Return one notification. Raises NotFound, and the other ProviderErrors."""
        path = f"/notifications/{self.path_id(notification_id)}"
        return item(self.get(auth, path, deadline), "notification", _notification)

    def _path(self, subject: Subject) -> str:
        return f"/{subject.kind}/{self.path_id(subject.id)}/subscriptions"


def _subscription(value: Any) -> Subscription:
    fields = Fields(value)
    about = fields.inner("object")
    return Subscription(
        fields.needed(fields.text("id"), "id"),
        fields.needed(fields.text("eventType"), "eventType"),
        fields.needed(fields.text("url", 2000), "url"),
        fields.text("deviceId"),
        fields.text("vehicleId"),
        about.text("id"),
        about.text("type"),
        fields.text("appData", LONGEST_APP_DATA),
        fields.moment("createdAt"),
        fields.moment("updatedAt"),
    )


def _notification(value: Any) -> Notification:
    fields = Fields(value)
    return Notification(
        fields.needed(fields.text("id"), "id"),
        fields.text("state"),
        fields.text("eventId"),
        fields.text("eventType"),
        fields.moment("eventTimestamp"),
        fields.text("subscriptionId"),
        fields.text("url", 2000),
        fields.whole("responseCode"),
        fields.text("response", LONGEST_APP_DATA),
        fields.text("payload", LONGEST_PAYLOAD),
        fields.needed(fields.moment("createdAt"), "createdAt"),
        fields.moment("notifiedAt"),
        fields.moment("respondedAt"),
    )


def _at(notification: Notification) -> datetime:
    return notification.created_at
