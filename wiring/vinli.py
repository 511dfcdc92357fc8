"""The clients of Vinli's services, from the settings."""

from __future__ import annotations

from dataclasses import dataclass

from providers.http.transport import Transport
from providers.vinli.behavioral import BehavioralClient
from providers.vinli.diagnostic import DiagnosticClient
from providers.vinli.distance import DistanceClient
from providers.vinli.dummies import DummiesClient
from providers.vinli.events import EventsClient
from providers.vinli.rules import RulesClient
from providers.vinli.safety import SafetyClient
from providers.vinli.subscriptions import SubscriptionsClient
from providers.vinli.telemetry import TelemetryClient
from providers.vinli.transactions import TransactionsClient
from providers.vinli.trips import TripsClient
from settings import Settings


@dataclass(frozen=True)
class VinliHistory:
    """The services that tell what a car did."""

    telemetry: TelemetryClient
    trips: TripsClient
    events: EventsClient
    diagnostic: DiagnosticClient
    distance: DistanceClient
    behavioral: BehavioralClient
    safety: SafetyClient
    rules: RulesClient
    dummies: DummiesClient
    subscriptions: SubscriptionsClient
    transactions: TransactionsClient


def build_history(settings: Settings, transport: Transport) -> VinliHistory:
    """Return the clients, each at the origin that the settings name."""
    concurrency = settings.vinli_concurrency
    return VinliHistory(
        TelemetryClient(transport, settings.vinli_telemetry_url, concurrency),
        TripsClient(transport, settings.vinli_trips_url, concurrency),
        EventsClient(transport, settings.vinli_events_url, concurrency),
        DiagnosticClient(transport, settings.vinli_diagnostic_url, concurrency),
        DistanceClient(transport, settings.vinli_distance_url, concurrency),
        BehavioralClient(transport, settings.vinli_behavioral_url),
        SafetyClient(transport, settings.vinli_safety_url, concurrency),
        RulesClient(transport, settings.vinli_rules_url),
        DummiesClient(transport, settings.vinli_dummies_url),
        SubscriptionsClient(transport, settings.vinli_events_url, concurrency),
        TransactionsClient(transport, settings.vinli_platform_url, concurrency),
    )
