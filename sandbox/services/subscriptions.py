"""Event service: subscriptions (docs event-services/subscriptions, until 2024)."""

from dataclasses import replace

from flask import Blueprint, Response, request

from sandbox.api.errors import ApiError
from sandbox.api.paging import offset_meta, read_window
from sandbox.services.current import current_vinli
from sandbox.services.posting import LONGEST_URL, find_problem
from sandbox.services.sources import SUBJECT, json_item, json_page, url_of, visible_device
from sandbox.services.subjects import (
    Subject,
    body_of_request,
    check_visible,
    created,
    subject_of,
    text_in,
    texts,
)
from sandbox.world.watching import Subscription, TooMany

bp = Blueprint("subscriptions", __name__)

LONGEST_APP_DATA = 10_000
LONGEST_ID = 100
# docs event-services/events, and those of ios-net after ``distance-trigger``.
TYPES = frozenset(
    "startup shutdown rule-enter rule-leave dtc-on dtc-off collision trip-started trip-orphaned trip-stopped "
    "trip-completed phone-home distance-trigger comm-disrupted device-claimed plugged-in vehicle-changed hard-accel "
    "hard-decel hard-turn".split()
)
WILDCARDS = frozenset({"rule-*", "trip-*", "dtc-*", "hard-*"})
OF_RULES = frozenset({"rule-enter", "rule-leave", "rule-*"})


@bp.get(f"{SUBJECT}/subscriptions")
def list_subscriptions(kind: str, subject_id: str) -> Response:
    """Return a page of subscriptions, newest first."""
    subject, vinli = subject_of(kind, subject_id), current_vinli()
    window = read_window(request.args, "objectType", "objectId")
    wanted_id, wanted_type = request.args.get("objectId"), request.args.get("objectType")
    found = [
        one
        for one in vinli.watching.subscriptions(subject.device, subject.vehicle_id)
        if (not wanted_id or one.object_id == wanted_id)
        and (not wanted_type or one.object_type == wanted_type)
    ]
    shown = [vinli.event_json.subscription(one) for one in found[window.offset :][: window.limit]]
    meta = offset_meta(url_of("events"), window, len(found))
    return json_page("subscriptions", f"[{','.join(texts(shown))}]", meta)


@bp.post(f"{SUBJECT}/subscriptions")
def create_subscription(kind: str, subject_id: str) -> Response:
    """Make a subscription. Types of rules have to name a rule of the device.

    The docs name no limit; this sandbox keeps 1000 subscriptions and answers 409 to more.
    """
    subject, vinli = subject_of(kind, subject_id), current_vinli()
    body = body_of_request("subscription")
    event_type = text_in(body, "eventType", LONGEST_ID)
    if event_type not in TYPES | WILDCARDS:
        raise ApiError(400, f'"eventType" must be one of {", ".join(sorted(TYPES | WILDCARDS))}')
    about = _object_in(body, subject)
    if event_type in OF_RULES and (about is None or about[1] != "rule"):
        raise ApiError(400, 'A type of rules needs an "object" with the type "rule" and the id of a rule')
    url, app_data = _url_in(body), _app_data_in(body)
    try:
        made = vinli.watching.subscribe(subject.device, subject.vehicle_id, event_type, url, about, app_data)
    except TooMany:
        raise ApiError(409, "The sandbox keeps no more subscriptions") from None
    return created("events", "subscription", vinli.event_json.subscription(made))


@bp.get("/api/v1/subscriptions/<subscription_id>")
def show_subscription(subscription_id: str) -> Response:
    """Return one subscription."""
    return _item(visible_subscription(subscription_id))


@bp.get("/api/v1/devices/<device_id>/subscriptions/<subscription_id>")
def show_subscription_of_device(device_id: str, subscription_id: str) -> Response:
    """Return one subscription of a device; notifications link here."""
    return _item(_subscription_of_device(device_id, subscription_id))


@bp.put("/api/v1/subscriptions/<subscription_id>")
def change_subscription(subscription_id: str) -> Response:
    """Change ``url`` and ``appData``; anything else that is sent is ignored."""
    return _changed(visible_subscription(subscription_id))


@bp.put("/api/v1/devices/<device_id>/subscriptions/<subscription_id>")
def change_subscription_of_device(device_id: str, subscription_id: str) -> Response:
    """Change a subscription, as android-net asks for it."""
    return _changed(_subscription_of_device(device_id, subscription_id))


@bp.delete("/api/v1/subscriptions/<subscription_id>")
def delete_subscription(subscription_id: str) -> Response:
    """Delete a subscription. Its notifications stay."""
    current_vinli().watching.remove_subscription(visible_subscription(subscription_id).id)
    return Response(status=204)


def visible_subscription(subscription_id: str) -> Subscription:
    """Return a subscription of a device that the caller may see; raises ApiError 404."""
    found = current_vinli().watching.find_subscription(subscription_id)
    check_visible(found.device_id if found else None, "subscription")
    if found is None:
        raise ApiError(404, "No such subscription")
    return found


def _subscription_of_device(device_id: str, subscription_id: str) -> Subscription:
    visible_device(device_id)
    found = visible_subscription(subscription_id)
    if found.device_id != device_id:
        raise ApiError(404, "No such subscription")
    return found


def _changed(subscription: Subscription) -> Response:
    body = body_of_request("subscription")
    url = _url_in(body) if "url" in body else subscription.url
    app_data = _app_data_in(body) if "appData" in body else subscription.app_data
    changed = replace(subscription, url=url, app_data=app_data)
    return _item(current_vinli().watching.change_subscription(changed))


def _item(subscription: Subscription) -> Response:
    return json_item("subscription", current_vinli().event_json.subscription(subscription))


def _url_in(body: dict[str, object]) -> str:
    """Return ``url``. Any host may be named; ``sandbox.services.posting`` says which ones are called."""
    url = text_in(body, "url", LONGEST_URL)
    problem = find_problem(url)
    if problem:
        raise ApiError(400, f'"url" {problem}')
    return url


def _app_data_in(body: dict[str, object]) -> str | None:
    """Return ``appData``, which may be empty. Android sends null when it is not set."""
    return text_in(body, "appData", LONGEST_APP_DATA) if body.get("appData") not in (None, "") else None


def _object_in(body: dict[str, object], subject: Subject) -> tuple[str, str] | None:
    """Return the id and type of ``object``, None when it is missing or null; raises ApiError 400."""
    about = body.get("object")
    if about is None:
        return None
    if not isinstance(about, dict):
        raise ApiError(400, '"object" must be an object with "id" and "type"')
    object_id, object_type = text_in(about, "id", LONGEST_ID), text_in(about, "type", LONGEST_ID)
    if object_type == "rule":
        found = current_vinli().watching.find_rule(object_id)
        if found is None or found.rule.device_id != subject.device.id:
            raise ApiError(400, '"object" must name a rule of this device')
    return object_id, object_type
