"""What Vinli's services know: everything their views share, built once for a sandbox."""

from dataclasses import dataclass

from sandbox.api.addresses import Addresses
from sandbox.api.event_json import EventJson
from sandbox.api.serializers import Serializers
from sandbox.oauth.authorization import OAuthServer
from sandbox.oauth.registry import Registry
from sandbox.oauth.sign_in_sessions import SignInSessions
from sandbox.oauth.tokens import Tokens
from sandbox.options import Options
from sandbox.personas.magic_drivers import ACCOUNTS
from sandbox.services.notifier import Notifier
from sandbox.world.clock import Clock
from sandbox.world.developers import Developers
from sandbox.world.driving.file_routes import read_route, run_route
from sandbox.world.dummies import Dummies
from sandbox.world.estimates import Estimates
from sandbox.world.fleet import Fleet
from sandbox.world.journal import Journal
from sandbox.world.notifications import Notifications
from sandbox.world.odometers import Odometers
from sandbox.world.people import People
from sandbox.world.seeds import Seed
from sandbox.world.transactions import Transactions
from sandbox.world.vehicles import Vehicles
from sandbox.world.watching import AllReports, Watching


@dataclass(frozen=True)
class Vinli:
    """The collaborators of the views of Vinli's services."""

    options: Options
    addresses: Addresses
    clock: Clock
    people: People
    registry: Registry
    fleet: Fleet
    vehicles: Vehicles
    tokens: Tokens
    sign_in_sessions: SignInSessions
    transactions: Transactions
    oauth: OAuthServer
    serializers: Serializers
    seed: Seed
    journal: Journal
    event_json: EventJson
    watching: Watching
    notifications: Notifications
    odometers: Odometers
    estimates: Estimates
    dummies: Dummies
    developers: Developers


def build_vinli(options: Options, seed: Seed, addresses: Addresses, clock: Clock) -> Vinli:
    """Return Vinli's services; their data depends on the options alone. Raises RouteFileError."""
    fleet = Fleet(seed, options.fleet_size, clock, ACCOUNTS)
    people = People(seed, options.drivers, ACCOUNTS)
    registry = Registry(seed, options)
    tokens = Tokens(clock)
    vehicles = Vehicles(seed, fleet, ACCOUNTS)
    routes = [run_route(read_route(path)) for path in options.route_files]
    dummies = Dummies(seed, fleet, vehicles, clock, options.pace, routes)
    journal = Journal(seed, fleet, vehicles, clock, dummies)
    odometers = Odometers()
    estimates = Estimates(seed, fleet, vehicles, journal, odometers)
    event_json, notifications = EventJson(addresses), Notifications()
    notifier = Notifier(notifications, event_json, clock, options.notify_hosts)
    return Vinli(
        options=options,
        addresses=addresses,
        clock=clock,
        people=people,
        registry=registry,
        fleet=fleet,
        vehicles=vehicles,
        tokens=tokens,
        sign_in_sessions=SignInSessions(clock),
        transactions=Transactions(clock),
        oauth=OAuthServer(options, registry, people, tokens, clock),
        serializers=Serializers(addresses),
        seed=seed,
        journal=journal,
        event_json=event_json,
        watching=Watching(AllReports(journal, estimates), clock, notifier.tell),
        notifications=notifications,
        odometers=odometers,
        estimates=estimates,
        dummies=dummies,
        developers=Developers(),
    )
