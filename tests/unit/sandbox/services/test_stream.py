import threading
from contextlib import contextmanager

import pytest

from sandbox.app import create_app
from sandbox.oauth.tokens import Token
from sandbox.server.recorder import Recorder
from sandbox.server.server import Server
from tests.support.reports import Reports
from tests.support.stream_client import Refused, StreamClient
from tests.support.watched_sandbox import WatchedSandbox

SQUARE = [[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]]


@pytest.fixture(scope="module")
def served():
    """A sandbox with ``origin``, where it can be reached."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sandbox.services.container.Journal", lambda *_: Reports())
        patch.setattr("sandbox.services.stream.POLL_SECONDS", 0.02)
        sandbox = WatchedSandbox()
        server = Server(("127.0.0.1", 0), Recorder())
        server.app = create_app(sandbox.box)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        sandbox.origin = f"http://127.0.0.1:{server.port}"
        yield sandbox
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def subscribed(served, *frames):
    """Give a client of the app that is subscribed to the device and has sent ``frames``."""
    with StreamClient(served.origin, app=served.auth) as client:
        assert client.subscribe(served.device.id)["payload"] == {"ack": True}
        for frame in frames:
            client.send(frame)
        # Answered after all that was sent before.
        client.send({"type": "unsub", "subject": {"type": "device", "id": "x"}})
        assert client.receive()["statusCode"] == 404
        yield client


def report(served, **data):
    """Let the device report now; return the message."""
    served.clock.advance(1)
    return served.reports.send(served.device, served.clock.now_ms(), served.vehicle.id, **data)


def token(served, driver, value):
    served.box.vinli.tokens.save(Token(value, "grant", "client", driver, None))
    return value


def test_messages_are_published_as_they_arrive(served):
    with subscribed(served) as client:
        for speed in (10, 20):
            message = report(served, vehicleSpeed=speed, at=(1.5, 2.5))
            frame = client.receive()
            timestamp = frame["payload"].pop("timestamp")
            assert timestamp.endswith("Z")
            assert frame == {
                "type": "pub",
                "subject": {"type": "device", "id": served.device.id},
                "payload": {
                    "id": message.id,
                    "data": {"location": {"type": "Point", "coordinates": [1.5, 2.5]}, "vehicleSpeed": speed},
                },
            }
        client.receive_nothing(0.1)


def test_what_was_reported_before_does_not_come(served):
    report(served, rpm=1)
    with subscribed(served) as client:
        report(served, rpm=2)
        assert client.receive()["payload"]["data"] == {"rpm": 2}


def test_subscribing_twice_brings_everything_once(served):
    with subscribed(served) as client:
        assert client.subscribe(served.device.id)["payload"] == {"ack": True}
        report(served, rpm=1)
        assert client.receive()["type"] == "pub"
        client.receive_nothing(0.1)


def test_nothing_comes_after_unsub(served):
    subject = {"type": "device", "id": served.device.id}
    with subscribed(served) as client:
        client.send({"type": "unsub", "subject": subject})
        assert client.receive() == {"type": "unsub", "subject": subject, "payload": {"ack": True}}
        report(served, rpm=1)
        client.receive_nothing(0.1)


def parametric(**limits):
    return {"type": "parametric", "parameter": "rpm", "min": None, "max": None} | limits


def geometry(direction):
    return {
        "type": "geometry",
        "direction": direction,
        "geometry": {"type": "Polygon", "coordinates": SQUARE},
    }


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([], ["a", "b", "c", "d", "e"]),
        ([parametric(min=1000)], ["b", "d"]),
        ([parametric(min=1000, max=1500)], ["b"]),
        ([geometry("inside")], ["a", "d"]),
        ([geometry("outside")], ["b"]),
        ([geometry("inside"), parametric(min=1000)], ["d"]),
        ([parametric(min=5000), parametric(min=1000)], ["b", "d"]),
    ],
)
@pytest.mark.parametrize("with_id", [True, False])
def test_filters(served, filters, expected, with_id):
    about = {"id": served.device.id} if with_id else {}
    with subscribed(served, *({"type": "filter", "filter": one} | about for one in filters)) as client:
        report(served, fuelType="a", rpm=900, at=(5, 5))
        report(served, fuelType="b", rpm=1200, at=(15, 5))
        report(served, fuelType="c")
        report(served, fuelType="d", rpm=2000, at=(1, 1))
        report(served, fuelType="e", rpm="fast")
        found = [client.receive()["payload"]["data"]["fuelType"] for _ in expected]
        assert found == expected
        client.receive_nothing(0.1)


@pytest.mark.parametrize(
    ("frame", "kind", "status"),
    [
        ("x", "error", 400), ("[]", "error", 400), ("[" * 5000, "error", 400), ({}, "error", 400),
        ({"type": "pub"}, "error", 400), ({"type": []}, "error", 400), ({"type": "sub"}, "sub", 400),
        ({"type": "sub", "subject": {"type": "vehicle", "id": "x"}}, "sub", 400),
        ({"type": "sub", "subject": {"type": "device", "id": 5}}, "sub", 400),
        ({"type": "sub", "subject": {"type": "device", "id": "x"}}, "sub", 404),
        ({"type": "filter"}, "filter", 400), ({"type": "filter", "id": "x"}, "filter", 404),
        ({"type": "filter", "id": []}, "filter", 404), ({"type": "filter", "filter": parametric()}, "filter", 400),
        ({"type": "filter", "filter": parametric(min=1, parameter="x")}, "filter", 400),
        ({"type": "filter", "filter": geometry("around")}, "filter", 400),
        ({"type": "filter", "filter": geometry("inside") | {"geometry": None}}, "filter", 400),
        ({"type": "filter", "filter": geometry("inside") | {"geometry": {"type": "Point"}}}, "filter", 400),
    ],
)  # fmt: skip
def test_a_wrong_frame_is_answered_and_the_stream_goes_on(served, frame, kind, status):
    with subscribed(served) as client:
        client.send(frame)
        answer = client.receive()
        assert set(answer) == {"type", "statusCode", "payload"}
        assert (answer["type"], answer["statusCode"]) == (kind, status)
        assert set(answer["payload"]) == {"error", "message"}
        report(served, rpm=1)
        assert client.receive()["type"] == "pub"


def test_a_driver_has_own_devices_alone(served):
    with StreamClient(served.origin, token=token(served, 0, "of the first".replace(" ", "-"))) as client:
        assert client.subscribe(served.device.id)["payload"] == {"ack": True}
        assert client.subscribe(served.other.id)["statusCode"] == 404


def test_a_revoked_token_closes_the_stream(served):
    with StreamClient(served.origin, token=token(served, 1, "revoked-soon")) as client:
        served.box.vinli.tokens.revoke_driver(1)
        assert client.closing().code == 1008
    with pytest.raises(Refused), StreamClient(served.origin, token="revoked-soon"):
        pass


def test_a_device_that_is_removed_leaves_the_stream(served):
    device = served.box.vinli.fleet.add("00000000-0000-4000-8000-000000000000", None, None)
    with StreamClient(served.origin, app=served.auth) as client:
        client.subscribe(device.id)
        served.box.vinli.fleet.remove(device)
        assert client.receive()["statusCode"] == 404


def test_health_and_pings_come_by_themselves(served, monkeypatch):
    monkeypatch.setattr("sandbox.services.stream.HEALTH_SECONDS", 0.05)
    with StreamClient(served.origin, app=served.auth) as client:
        assert client.receive()["type"] == "health"
        assert type(client.event()).__name__ == "Ping"
        assert client.receive()["type"] == "health"


def test_a_stream_has_a_limit(served, monkeypatch):
    monkeypatch.setattr("sandbox.services.stream.MOST_DEVICES", 1)
    with subscribed(served) as client:
        assert client.subscribe(served.other.id)["statusCode"] == 409
