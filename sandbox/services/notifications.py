"""Event service: notifications (docs event-services/notifications, until 2024)."""

from flask import Blueprint, Response, request

from sandbox.api.errors import ApiError
from sandbox.api.paging import offset_meta, read_window
from sandbox.api.serializers import to_json
from sandbox.api.streams import read_period
from sandbox.services.current import current_vinli
from sandbox.services.events import visible_event
from sandbox.services.sources import json_item, json_page, page_of_few, url_of
from sandbox.services.subjects import check_visible, texts
from sandbox.services.subscriptions import visible_subscription
from sandbox.world.notifications import Notification

bp = Blueprint("notifications", __name__)


@bp.get("/api/v1/notifications/<notification_id>")
def show_notification(notification_id: str) -> Response:
    """Return one notification."""
    found = current_vinli().notifications.find(notification_id)
    check_visible(found.device_id if found else None, "notification")
    if found is None:
        raise ApiError(404, "No such notification")
    return json_item("notification", current_vinli().event_json.notification(found))


@bp.get("/api/v1/subscriptions/<subscription_id>/notifications")
def list_notifications_of_subscription(subscription_id: str) -> Response:
    """Return a page of the notifications of a subscription."""
    subscription = visible_subscription(subscription_id)
    vinli = current_vinli()
    vinli.watching.catch_up_with(subscription.device_id)
    return _page(vinli.notifications.of_subscription(subscription.id))


@bp.get("/api/v1/events/<event_id>/notifications")
def list_notifications_of_event(event_id: str) -> Response:
    """Return a page of the notifications of an event."""
    event = visible_event(event_id)
    vinli = current_vinli()
    vinli.watching.catch_up_with(event.device_id)
    return _page(vinli.notifications.of_event(event.id))


def _page(found: list[Notification]) -> Response:
    """Return a page by offset to those who send one, by time to all others.

    The docs page by time since September 2016; vinli-node sends ``offset`` and reads ``total``. Both can be served.
    """
    event_json = current_vinli().event_json
    if not request.args.get("offset"):
        items = [(one.created_ms, one) for one in found]
        return page_of_few(
            "events",
            "notifications",
            # What subscribers were told is of this minute, even if the cars' reports move on once a minute.
            read_period(request.args, current_vinli().clock.now_ms()),
            items,
            lambda item: to_json(event_json.notification(item[1])),
        )
    window = read_window(request.args)
    shown = [event_json.notification(one) for one in found[::-1][window.offset :][: window.limit]]
    meta = offset_meta(url_of("events"), window, len(found))
    return json_page("notifications", f"[{','.join(texts(shown))}]", meta)
