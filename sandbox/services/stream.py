"""Stream service: messages as they arrive, over a WebSocket (vinli-cli, android-net, ios-net; not documented).

What the server sends on its own is a guess, as is what it answers to ``unsub``: ``health`` and a ping every
HEALTH_SECONDS. A token that is revoked or expires closes the stream.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol

from flask import Blueprint, Response, request

from sandbox.api.dates import iso
from sandbox.api.errors import ApiError, error_response
from sandbox.api.serializers import to_json
from sandbox.oauth.tokens import Token
from sandbox.services.boundaries import read_limits, read_rings
from sandbox.services.callers import Caller, stream_caller
from sandbox.services.container import Vinli
from sandbox.services.current import current_vinli
from sandbox.world.devices import Device
from sandbox.world.journal import Message
from sandbox.world.parameters import DECIMAL
from sandbox.world.rules import Parametric, Polygon

bp = Blueprint("stream", __name__)

PATH = "/api/v1/messages"
POLL_SECONDS = 0.2
HEALTH_SECONDS = 30.0
MOST_DEVICES = 100
# After a long jump of the clock, older messages are passed over.
LONGEST_GAP_MS = 24 * 3_600_000
POLICY_VIOLATION = 1008  # RFC 6455 section 7.4.1

Filter = Callable[[dict[str, object]], bool]


class Socket(Protocol):
    """What a stream needs of a WebSocket."""

    def send(self, text: str) -> None:
        """Send a text."""

    def receive(self, seconds: float) -> str | None:
        """Return the next text, None when there was none for so many seconds."""

    def ping(self) -> None:
        """Send a ping."""

    def close(self, code: int, reason: str) -> None:
        """Close the connection."""


@dataclass
class Subscribed:
    """A device on a stream: up to when its messages were sent, and its filters by their type."""

    device: Device
    sent_up_to_ms: int
    filters: dict[str, Filter] = field(default_factory=dict)


@bp.get(PATH)
def refuse_plain_request() -> Response:
    """Refuse a request that is no WebSocket handshake. Nobody is known to send one."""
    response = error_response(426, "Open a WebSocket here")
    response.headers["Upgrade"] = "websocket"
    response.headers["Connection"] = "Upgrade"
    return response


@bp.get(PATH, websocket=True)
def open_stream() -> Response:
    """Let the server change to a WebSocket. Refused credentials are 401, which is a guess."""
    caller, token = stream_caller()
    request.environ["sandbox.websocket"] = Stream(current_vinli(), caller, token).run
    return Response(status=HTTPStatus.SWITCHING_PROTOCOLS, mimetype="application/json")


class Stream:
    """One stream: answers the client's frames, and sends the messages of the devices it asked for."""

    def __init__(self, vinli: Vinli, caller: Caller, token: Token | None) -> None:
        self._vinli = vinli
        self._caller = caller
        self._token = token
        self._devices: dict[str, Subscribed] = {}
        self._filters: dict[str, Filter] = {}
        self._answers = {"sub": self._subscribe, "unsub": self._unsubscribe, "filter": self._filter}

    def run(self, socket: Socket) -> None:
        """Serve the stream until the client leaves, or its token is no longer valid."""
        poll_at, health_at = time.monotonic(), time.monotonic() + HEALTH_SECONDS
        while True:
            text = socket.receive(max(0.0, poll_at - time.monotonic()))
            if text is not None:
                for frame in self._answer(text):
                    socket.send(to_json(frame))
            now = time.monotonic()
            if now < poll_at:
                continue
            poll_at = now + POLL_SECONDS
            if self._token and self._vinli.tokens.find(self._token.access_token) is None:
                socket.close(POLICY_VIOLATION, "The access token is expired or revoked")
                return
            for frame in self._publish():
                socket.send(to_json(frame))
            if now >= health_at:
                health_at = now + HEALTH_SECONDS
                socket.send(to_json({"type": "health", "payload": {"timestamp": self._iso_now()}}))
                socket.ping()

    def _answer(self, text: str) -> list[dict[str, object]]:
        """Return the frames that answer a frame of the client."""
        kind: object = "error"
        try:
            frame = _frame(text)
            kind = frame.get("type")
            answer = self._answers.get(kind) if isinstance(kind, str) else None
            if answer is None:
                kind = "error"
                raise ApiError(400, 'The "type" of a frame is sub, unsub or filter')
            return answer(frame)
        except ApiError as error:
            return [_error(kind, error)]

    def _subscribe(self, frame: dict[str, object]) -> list[dict[str, object]]:
        device = self._visible(_subject_id(frame))
        if device.id not in self._devices:
            if len(self._devices) >= MOST_DEVICES:
                raise ApiError(409, f"A stream has at most {MOST_DEVICES} devices")
            self._devices[device.id] = Subscribed(device, self._vinli.journal.reach_ms(device))
        return [_acknowledged("sub", device.id)]

    def _unsubscribe(self, frame: dict[str, object]) -> list[dict[str, object]]:
        device_id = _subject_id(frame)
        if self._devices.pop(device_id, None) is None:
            raise ApiError(404, "The stream has no such device")
        return [_acknowledged("unsub", device_id)]

    def _filter(self, frame: dict[str, object]) -> list[dict[str, object]]:
        """Set a filter for one device or for all. It replaces the one of the same type, and is not answered."""
        device_id = frame.get("id")
        subscribed = self._devices.get(device_id) if isinstance(device_id, str) else None
        if device_id is not None and subscribed is None:
            raise ApiError(404, "The stream has no such device")
        kind, found = _read_filter(frame.get("filter"))
        (subscribed.filters if subscribed else self._filters)[kind] = found
        return []

    def _publish(self) -> list[dict[str, object]]:
        """Return frames for what has arrived since the last time. A device that was removed leaves the stream."""
        frames: list[dict[str, object]] = []
        for one in list(self._devices.values()):
            try:
                self._visible(one.device.id)
            except ApiError as error:
                del self._devices[one.device.id]
                frames.append(_error("sub", error))
                continue
            now = self._vinli.journal.reach_ms(one.device)
            after = max(one.sent_up_to_ms, now - LONGEST_GAP_MS)
            one.sent_up_to_ms = now
            filters = (*self._filters.values(), *one.filters.values())
            for message in self._vinli.journal.messages(one.device, after, now):
                if all(passes(message.data) for passes in filters):
                    frames.append(_published(one.device.id, message))
        return frames

    def _visible(self, device_id: str) -> Device:
        device = self._vinli.fleet.find(device_id)
        if device is None or not self._caller.may_see(device):
            raise ApiError(404, "No such device")
        return device

    def _iso_now(self) -> str:
        return iso(self._vinli.clock.now_ms())


def _frame(text: str) -> dict[str, object]:
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        frame = None
    if not isinstance(frame, dict):
        raise ApiError(400, "Send JSON objects")
    return frame


def _subject_id(frame: dict[str, object]) -> str:
    subject = frame.get("subject")
    found = subject.get("id") if isinstance(subject, dict) and subject.get("type") == "device" else None
    if not isinstance(found, str):
        raise ApiError(400, 'The "subject" of a frame is {"type": "device", "id": UUID}')
    return found


def _read_filter(value: object) -> tuple[str, Filter]:
    """Return a filter with its type; raises ApiError 400. A message without what it looks at does not pass."""
    if isinstance(value, dict) and value.get("type") == "parametric":
        parameter = value.get("parameter")
        if not isinstance(parameter, str) or parameter not in DECIMAL:
            raise ApiError(400, '"parameter" must be the key of a parameter with numbers as values')
        limits = Parametric("", parameter, *read_limits(value))
        return "parametric", lambda data: limits.holds(data) is True
    if isinstance(value, dict) and value.get("type") == "geometry":
        direction, geometry = value.get("direction"), value.get("geometry")
        is_polygon = isinstance(geometry, dict) and geometry.get("type") == "Polygon"
        if direction not in ("inside", "outside") or not isinstance(geometry, dict) or not is_polygon:
            raise ApiError(400, 'A filter of geometry needs a "direction" (inside, outside) and a Polygon')
        area, wanted = Polygon("", read_rings(geometry.get("coordinates"))), direction == "inside"
        return "geometry", lambda data: area.holds(data) is wanted
    raise ApiError(400, 'The "type" of a filter is parametric or geometry')


def _acknowledged(kind: str, device_id: str) -> dict[str, object]:
    return {"type": kind, "subject": {"type": "device", "id": device_id}, "payload": {"ack": True}}


def _published(device_id: str, message: Message) -> dict[str, object]:
    payload = {"id": message.id, "timestamp": iso(message.timestamp_ms), "data": message.data}
    return {"type": "pub", "subject": {"type": "device", "id": device_id}, "payload": payload}


def _error(kind: object, error: ApiError) -> dict[str, object]:
    """Return an error frame (ios-net VLStreamMessage)."""
    payload = {"error": HTTPStatus(error.status).phrase, "message": error.message}
    return {"type": kind, "statusCode": error.status, "payload": payload}
