"""What is watched: the rules and the subscriptions of devices, and the events that follow from rules.

A device with a rule or a subscription is watched from then on. ``catch_up`` reads what the device has reported since
it was last looked at. A thread does that every POLL_SECONDS for all watched devices, so that subscribers hear of an
event in time; those who ask for a list call it themselves and need not wait.
"""

import heapq
import logging
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import NamedTuple, Protocol, TypeVar

from sandbox.world.clock import Clock
from sandbox.world.devices import Device
from sandbox.world.estimates import Estimates, Firing
from sandbox.world.journal import Happening, Journal, Message
from sandbox.world.rules import Boundary, Evaluation, Rule

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.25
MOST_RULES = 1_000
MOST_SUBSCRIPTIONS = 1_000
MOST_CROSSINGS = 5_000
# After a long jump of the clock, older reports are passed over: they would take minutes to read.
LONGEST_GAP_MS = 7 * 24 * 3_600_000
STEP_MS = 24 * 3_600_000


class TooMany(Exception):
    """The sandbox keeps no more rules, or no more subscriptions."""


class Reports(Protocol):
    """Where the reports of devices are read."""

    def reach_ms(self, device: Device) -> int:
        """Return the instant up to which the reports of a device can be read. It may be behind the clock."""

    def messages(self, device: Device, after_ms: int, up_to_ms: int) -> list[Message]:
        """Return the messages of a period, oldest first."""

    def happenings(self, device: Device, after_ms: int, up_to_ms: int) -> "list[Event]":
        """Return the events of a period but for those of rules, oldest first."""


class Crossing(NamedTuple):
    """An event of a rule: it was entered, or left (docs event-services/events)."""

    id: str
    timestamp_ms: int
    device_id: str
    vehicle_id: str | None
    rule: Rule
    is_enter: bool
    is_first: bool
    message: Message

    @property
    def event_type(self) -> str:
        """The type, as a Happening has it."""
        return "rule-enter" if self.is_enter else "rule-leave"

    @property
    def object_id(self) -> str:
        """The rule's id."""
        return self.rule.id

    @property
    def object_type(self) -> str:
        """The kind of what the event is about."""
        return "rule"


Event = Happening | Crossing | Firing


def is_of_type(event_type: str, wanted: str) -> bool:
    """Tell whether a type matches ``rule-enter``, ``rule-*`` or ``rule``, which older links use for ``rule-*``."""
    if wanted.endswith("*"):
        return event_type.startswith(wanted[:-1])
    return wanted in (event_type, event_type.partition("-")[0])


class AllReports:
    """The reports of the journal, and the events of odometer triggers."""

    def __init__(self, journal: Journal, estimates: Estimates) -> None:
        self.messages = journal.messages
        self.reach_ms = journal.reach_ms
        self._journal = journal
        self._estimates = estimates

    def happenings(self, device: Device, after_ms: int, up_to_ms: int) -> list[Event]:
        """Return the events of a period but for those of rules, oldest first."""
        found: list[Event] = [*self._journal.happenings(device, after_ms, up_to_ms)]
        found += self._estimates.firings(device, after_ms, up_to_ms)
        return sorted(found, key=attrgetter("timestamp_ms"))


@dataclass(frozen=True)
class Subscription:
    """A wish to be told of events of a device, or of a vehicle when ``vehicle_id`` is set."""

    id: str
    device_id: str
    vehicle_id: str | None
    event_type: str
    url: str
    object_id: str | None
    object_type: str | None
    app_data: str | None
    created_ms: int
    updated_ms: int

    def wants(self, event: Event) -> bool:
        """Tell whether the event is one of those subscribed to."""
        return (
            event.timestamp_ms > self.created_ms
            and is_of_type(event.event_type, self.event_type)
            and self.vehicle_id in (None, event.vehicle_id)
            and self.object_id in (None, event.object_id)
            and self.object_type in (None, event.object_type)
        )


@dataclass
class Watch:
    """All that is watched on one device, and up to which instant its reports were read."""

    device: Device
    read_up_to_ms: int
    rules: dict[str, Evaluation] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)


T = TypeVar("T", Rule, Subscription)


class Watching:
    """Keeps rules, subscriptions and the newest MOST_CROSSINGS events of rules. Safe to use from several threads.

    ``tell`` is called with each event and each subscription that wants it.
    """

    def __init__(
        self,
        reports: Reports,
        clock: Clock,
        tell: Callable[[Event, Subscription], None] = lambda _event, _subscription: None,
    ) -> None:
        self._reports = reports
        self._clock = clock
        self._tell = tell
        self._lock = threading.RLock()
        self._watches: dict[str, Watch] = {}
        self._device_of: dict[str, str] = {}  # of rules and subscriptions, by their id
        self._crossings: OrderedDict[str, Crossing] = OrderedDict()
        self._thread: threading.Thread | None = None

    # --- rules

    def add_rule(
        self, device: Device, vehicle_id: str | None, name: str, boundaries: tuple[Boundary, ...]
    ) -> Rule:
        """Make a rule and watch its device. Raises TooMany."""
        with self._lock:
            if sum(len(watch.rules) for watch in self._watches.values()) >= MOST_RULES:
                raise TooMany

        def add(watch: Watch) -> Rule:
            rule = Rule(str(uuid.uuid4()), name, device.id, vehicle_id, boundaries, watch.read_up_to_ms)
            watch.rules[rule.id] = Evaluation(rule)
            return rule

        return self._watch(device, add)

    def rules(self, device: Device, vehicle_id: str | None = None) -> list[Evaluation]:
        """Return the rules of a device, or those of one of its vehicles, newest first."""
        self.catch_up(device)
        watch = self._watches.get(device.id)
        if watch is None:
            return []
        with watch.lock:
            found = [one for one in watch.rules.values() if one.rule.vehicle_id == vehicle_id]
        return found[::-1]

    def find_rule(self, rule_id: str) -> Evaluation | None:
        """Return the rule with this id, or None."""
        watch = self._watch_of(rule_id)
        if watch is None:
            return None
        self.catch_up(watch.device)
        return watch.rules.get(rule_id)

    def remove_rule(self, rule_id: str) -> None:
        """Delete a rule. Its events stay."""
        self._remove(rule_id)

    # --- subscriptions

    def subscribe(
        self,
        device: Device,
        vehicle_id: str | None,
        event_type: str,
        url: str,
        about: tuple[str, str] | None,
        app_data: str | None,
    ) -> Subscription:
        """Make a subscription and watch its device. ``about`` is an object's id and type. Raises TooMany."""
        object_id, object_type = about or (None, None)
        with self._lock:
            if sum(len(watch.subscriptions) for watch in self._watches.values()) >= MOST_SUBSCRIPTIONS:
                raise TooMany

        def add(watch: Watch) -> Subscription:
            made = Subscription(
                *(str(uuid.uuid4()), device.id, vehicle_id, event_type, url),
                *(object_id, object_type, app_data),
                created_ms=watch.read_up_to_ms,
                updated_ms=watch.read_up_to_ms,
            )
            watch.subscriptions[made.id] = made
            return made

        return self._watch(device, add)

    def subscriptions(self, device: Device, vehicle_id: str | None = None) -> list[Subscription]:
        """Return the subscriptions of a device, or those of one of its vehicles, newest first."""
        watch = self._watches.get(device.id)
        if watch is None:
            return []
        with watch.lock:
            return [one for one in watch.subscriptions.values() if one.vehicle_id == vehicle_id][::-1]

    def find_subscription(self, subscription_id: str) -> Subscription | None:
        """Return the subscription with this id, or None."""
        watch = self._watch_of(subscription_id)
        return watch.subscriptions.get(subscription_id) if watch else None

    def change_subscription(self, changed: Subscription) -> Subscription:
        """Replace a subscription by one with another address or other data of the app."""
        changed = replace(changed, updated_ms=self._clock.now_ms())
        watch = self._watch_of(changed.id)
        if watch is not None:
            with watch.lock:
                if changed.id in watch.subscriptions:
                    watch.subscriptions[changed.id] = changed
        return changed

    def remove_subscription(self, subscription_id: str) -> None:
        """Delete a subscription."""
        self._remove(subscription_id)

    # --- events

    def crossings(self, device: Device, after_ms: int, up_to_ms: int) -> list[Crossing]:
        """Return the events of a device's rules after an instant and up to another, oldest first."""
        self.catch_up(device)
        with self._lock:
            found = [
                one
                for one in self._crossings.values()
                if one.device_id == device.id and after_ms < one.timestamp_ms <= up_to_ms
            ]
        return sorted(found, key=attrgetter("timestamp_ms"))

    def find_crossing(self, event_id: str) -> Crossing | None:
        """Return the event with this id, or None."""
        with self._lock:
            return self._crossings.get(event_id)

    def catch_up(self, device: Device) -> None:
        """Read what a watched device has reported since it was last looked at."""
        self.catch_up_with(device.id)

    def catch_up_with(self, device_id: str) -> None:
        """Read what the device with this id has reported, if it is watched."""
        watch = self._watches.get(device_id)
        if watch is None:
            return
        with watch.lock:
            now = self._reports.reach_ms(watch.device)
            start = max(watch.read_up_to_ms, now - LONGEST_GAP_MS)
            while start < now:
                end = min(now, start + STEP_MS)
                watch.read_up_to_ms = end
                for event in self._read(watch, start, end):
                    for subscription in watch.subscriptions.values():
                        if subscription.wants(event):
                            self._tell(event, subscription)
                start = end

    def forget(self, device: Device) -> None:
        """Delete the rules and subscriptions of a device that was removed from the app."""
        with self._lock:
            watch = self._watches.pop(device.id, None)
            for one in (*watch.rules, *watch.subscriptions) if watch else ():
                self._device_of.pop(one, None)

    def _read(self, watch: Watch, after_ms: int, up_to_ms: int) -> Iterator[Event]:
        """Yield the events of a period, oldest first. Those of rules come after others of the same instant."""
        crossings: list[Event] = []
        if watch.rules:
            for message in self._reports.messages(watch.device, after_ms, up_to_ms):
                crossings += self._evaluate(watch, message)
        happenings: list[Event] = []
        if watch.subscriptions:
            happenings += self._reports.happenings(watch.device, after_ms, up_to_ms)
        yield from heapq.merge(happenings, crossings, key=attrgetter("timestamp_ms"))

    def _evaluate(self, watch: Watch, message: Message) -> Iterator[Crossing]:
        """Yield the events of all rules for one message, and keep them."""
        for evaluation in watch.rules.values():
            rule = evaluation.rule
            if message.timestamp_ms <= rule.created_ms or rule.vehicle_id not in (None, message.vehicle_id):
                continue
            is_first = evaluation.covered is None
            is_enter = evaluation.take(message.data)
            if is_enter is None:
                continue
            event = Crossing(
                str(uuid.uuid4()),
                message.timestamp_ms,
                watch.device.id,
                message.vehicle_id,
                rule,
                is_enter,
                is_first,
                message,
            )
            with self._lock:
                self._crossings[event.id] = event
                if len(self._crossings) > MOST_CROSSINGS:
                    self._crossings.popitem(last=False)
            yield event

    # --- watching

    def _watch(self, device: Device, add: Callable[[Watch], T]) -> T:
        """Watch a device and add something to its watch. What was reported before then is read first."""
        while True:
            with self._lock:
                watch = self._watches.setdefault(device.id, Watch(device, self._reports.reach_ms(device)))
            with watch.lock:
                self.catch_up(device)
                with self._lock:
                    # It may have been removed in between, when its last rule was.
                    if self._watches.get(device.id) is not watch:
                        continue
                    added = add(watch)
                    self._device_of[added.id] = device.id
                    self._start()
                    return added

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._keep_up, name="sandbox-watching", daemon=True)
            self._thread.start()

    def _watch_of(self, thing_id: str) -> Watch | None:
        with self._lock:
            return self._watches.get(self._device_of.get(thing_id, ""))

    def _remove(self, thing_id: str) -> None:
        watch = self._watch_of(thing_id)
        if watch is None:
            return
        self.catch_up(watch.device)
        with watch.lock, self._lock:
            watch.rules.pop(thing_id, None)
            watch.subscriptions.pop(thing_id, None)
            self._device_of.pop(thing_id, None)
            if not watch.rules and not watch.subscriptions:
                self._watches.pop(watch.device.id, None)

    def _keep_up(self) -> None:
        """Catch up with all watched devices again and again, until none is watched.

        When there are many, it takes at most a fifth of the time.
        """
        wait, pause = threading.Event(), POLL_SECONDS
        while not wait.wait(pause):
            started = time.monotonic()
            with self._lock:
                watches = list(self._watches.values())
                if not watches:
                    self._thread = None
                    return
            for watch in watches:
                try:
                    self.catch_up(watch.device)
                except Exception:
                    logger.exception("a device could not be watched")
            pause = max(POLL_SECONDS, 4 * (time.monotonic() - started))
