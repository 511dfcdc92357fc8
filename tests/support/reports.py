"""A journal for tests: the reports of devices are what a test says."""

from __future__ import annotations

import uuid

from sandbox.world.journal import Happening, Message


class Reports:
    """Stands in for ``sandbox.world.journal.Journal``. ``clock`` is the sandbox's, so that nothing comes too early."""

    def __init__(self, clock=None) -> None:
        self.clock = clock
        self._messages: dict[str, list[Message]] = {}
        self._happenings: dict[str, list[Happening]] = {}

    def send(self, device, at_ms: int, vehicle_id: str = "v", **data: object) -> Message:
        """Let a device report. ``at`` is a position: longitude and latitude."""
        if "at" in data:
            data = {"location": {"type": "Point", "coordinates": list(data.pop("at"))}} | data
        message = Message(str(uuid.uuid4()), at_ms, vehicle_id, data)
        self._messages.setdefault(device.id, []).append(message)
        return message

    def happen(self, device, at_ms: int, event_type: str, vehicle_id: str = "v") -> Happening:
        """Let an event happen to a device's vehicle or trip."""
        is_trip = event_type.startswith("trip")
        happening = Happening(
            str(uuid.uuid4()), at_ms, device.id, vehicle_id, event_type,
            "a trip" if is_trip else vehicle_id, "trip" if is_trip else "vehicle",
            {"vehicleId": vehicle_id} if is_trip else None,
        )  # fmt: skip
        self._happenings.setdefault(device.id, []).append(happening)
        return happening

    def reach_ms(self, device) -> int:
        return self.clock.now_ms()

    def messages(self, device, after_ms: int, up_to_ms: int) -> list[Message]:
        return self._within(self._messages, device, after_ms, up_to_ms)

    def happenings(self, device, after_ms: int, up_to_ms: int) -> list[Happening]:
        return self._within(self._happenings, device, after_ms, up_to_ms)

    def find_happening(self, event_id: str) -> Happening | None:
        found = (one for many in self._happenings.values() for one in many if one.id == event_id)
        return next(found, None)

    def _within(self, kept: dict, device, after_ms: int, up_to_ms: int) -> list:
        if self.clock is not None:
            up_to_ms = min(up_to_ms, self.clock.now_ms())
        return sorted(
            (one for one in kept.get(device.id, ()) if after_ms < one.timestamp_ms <= up_to_ms),
            key=lambda one: one.timestamp_ms,
        )

    def of_device(self, device) -> ReportsOf:
        return ReportsOf(self, device.id, None)

    def of_vehicle(self, vehicle) -> ReportsOf:
        return ReportsOf(self, vehicle.device_id, vehicle.id)


class ReportsOf:
    """Stands in for ``sandbox.world.journal.Source``."""

    def __init__(self, reports: Reports, device_id: str, vehicle_id: str | None) -> None:
        self._reports = reports
        self._vehicle_id = vehicle_id
        self.id = device_id
        self.history = reports.clock  # as far as anybody asks it for the time

    def happenings(self, after_ms: int, up_to_ms: int, *, newest_first: bool = True):
        found = self._reports.happenings(self, after_ms, up_to_ms)
        own = [one for one in found if self._vehicle_id in (None, one.vehicle_id)]
        return iter(own[::-1] if newest_first else own)

    def count_happenings(self, after_ms: int, up_to_ms: int) -> int:
        return sum(1 for _ in self.happenings(after_ms, up_to_ms))
