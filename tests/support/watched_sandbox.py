"""A sandbox in this process whose devices report what a test says. Its journal has to be replaced beforehand."""

from __future__ import annotations

from sandbox.app import create_app
from sandbox.container import build_sandbox
from sandbox.options import Options
from sandbox.server.recorder import Recorder
from sandbox.world.clock import Clock

ORIGIN = "http://127.0.0.1:9000"
NOW_MS = 1_800_000_000_000


class WatchedSandbox:
    """``device`` and ``other`` are of the first driver and of the second; ``vehicle`` is in the device."""

    def __init__(self, options=None):
        self.clock = Clock(lambda: NOW_MS / 1000)
        self.box = build_sandbox(options or Options(), ORIGIN, Recorder(), self.clock)
        self.reports = self.box.vinli.journal
        self.reports.clock = self.clock
        self.device = self.box.vinli.fleet.of_driver(0)[0]
        self.other = self.box.vinli.fleet.of_driver(1)[0]
        self.vehicle = self.box.vinli.vehicles.of_device(self.device)[0]
        self.client = create_app(self.box).test_client()
        app = self.box.vinli.registry.app
        self.auth = (app.id, app.secret)

    def call(self, path, method="GET", json=None, **options):
        """Call as the app; ``path`` may be a link."""
        path = path.removeprefix(ORIGIN)
        return self.client.open(
            path if path.startswith("/") else f"/api/v1/{path}",
            method=method,
            json=json,
            auth=self.auth,
            base_url=ORIGIN,
            **options,
        )

    def send(self, seconds, **data):
        """Let the device report, so many seconds after the start."""
        self.reports.send(self.device, NOW_MS + seconds * 1000, self.vehicle.id, **data)

    def happen(self, seconds, event_type):
        return self.reports.happen(self.device, NOW_MS + seconds * 1000, event_type, self.vehicle.id)

    def add_rule(self, *boundaries, subject=None):
        boundaries = boundaries or ({"type": "parametric", "parameter": "vehicleSpeed", "min": 50},)
        body = {"rule": {"name": "a rule", "boundaries": boundaries}}
        made = self.call(f"{subject or f'devices/{self.device.id}'}/rules", "POST", body)
        assert made.status_code == 201, made.text
        return made.json["rule"]
