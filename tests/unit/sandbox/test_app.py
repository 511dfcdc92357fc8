from contextlib import closing

import pytest
from werkzeug.test import EnvironBuilder

from sandbox.app import create_app
from sandbox.container import build_sandbox
from sandbox.options import Options
from sandbox.server.recorder import Recorder
from sandbox.world.clock import Clock

ORIGIN = "http://127.0.0.1:9000"


@pytest.fixture
def box():
    options = Options(latency_ms=30, public_url="http://{service}.localhost:9000")
    return build_sandbox(options, ORIGIN, Recorder(), Clock())


@pytest.fixture
def app(box):
    return create_app(box)


@pytest.fixture
def client(app):
    return app.test_client()


def earliest(app, path, method="GET"):
    """Return when the answer may leave, in seconds after its request came."""
    builder = EnvironBuilder(path, ORIGIN, method=method)
    environ = builder.get_environ() | {"REMOTE_ADDR": "127.0.0.1", "sandbox.arrived": 100.0}
    builder.close()
    with closing(app(environ, lambda *_: None)):
        pass
    return environ.get("sandbox.not_before", 100.0) - 100.0


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/api/v1/devices", "GET"),
        ("/user/devices", "GET"),
        ("/oauth/token", "POST"),
        ("/api/v1/sessions", "POST"),
        ("/api/v1/devices/x", "DELETE"),
        ("/api/v1/nowhere", "GET"),
    ],
)
def test_what_programs_ask_for_is_held_back_for_the_latency(app, path, method):
    assert earliest(app, path, method) == pytest.approx(0.03)


@pytest.mark.parametrize("path", ["/", "/sign-in", "/static/sandbox.css", "/_sandbox/stats", "/nowhere"])
def test_pages_assets_and_the_control_interface_are_not(app, path):
    assert earliest(app, path) == 0


def test_a_longer_delay_of_a_fault_is_kept(app, client):
    fault = {"path": "/api/v1/devices", "delay_ms": 500}
    assert client.post("/_sandbox/faults", json=fault, base_url=ORIGIN).status_code == 204
    assert earliest(app, "/api/v1/devices") == pytest.approx(0.5)


def test_the_control_interface_answers_this_machine_alone(client):
    path = "/_sandbox/stats"
    assert client.get(path, base_url=ORIGIN).status_code == 200
    away = client.get(path, base_url=ORIGIN, environ_overrides={"REMOTE_ADDR": "192.0.2.1"})
    assert away.status_code == 403


def test_an_error_of_ours_tells_nothing(app, caplog):
    app.view_functions["platform.list_devices"] = lambda: 1 / 0
    response = app.test_client().get("/api/v1/devices", base_url=ORIGIN)
    assert response.status_code == 500
    assert "ZeroDivisionError" not in response.text
    assert "ZeroDivisionError" in caplog.text


def test_links_do_not_follow_the_host_header(box, client):
    response = client.get(
        "/api/v1/devices",
        base_url="http://evil.example",
        auth=(box.vinli.registry.app.id, box.vinli.registry.app.secret),
    )
    assert response.json["meta"]["pagination"]["links"]["first"].startswith("http://platform.localhost:9000/")
    assert "evil.example" not in response.text
