"""Everything one running sandbox knows, built once and reached by one accessor."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from sandbox.api.addresses import Addresses
from sandbox.api.serializers import Wire
from sandbox.control.faults import Faults
from sandbox.oauth.authorization import Server
from sandbox.oauth.registry import Registry
from sandbox.oauth.sign_in_sessions import Browsers
from sandbox.oauth.tokens import Tokens
from sandbox.options import Options
from sandbox.partners.container import Partners, build_partners
from sandbox.personas.magic_drivers import ACCOUNTS
from sandbox.server.recorder import Recorder
from sandbox.world.clock import Clock
from sandbox.world.fleet import Fleet
from sandbox.world.people import People
from sandbox.world.seeds import Seed
from sandbox.world.transactions import Transactions
from sandbox.world.vehicles import Vehicles


@dataclass(frozen=True)
class Sandbox:
    """The collaborators of every view."""

    options: Options
    addresses: Addresses
    clock: Clock
    recorder: Recorder
    people: People
    registry: Registry
    fleet: Fleet
    vehicles: Vehicles
    tokens: Tokens
    browsers: Browsers
    transactions: Transactions
    faults: Faults
    oauth: Server
    wire: Wire
    partners: Partners


def build_sandbox(options: Options, origin: str, recorder: Recorder, clock: Clock) -> Sandbox:
    """Return a sandbox that listens on ``origin``; its data depends on the options alone."""
    seed = Seed(options.seed)
    addresses = Addresses(options.public_url or origin)
    fleet = Fleet(seed, options.fleet_size, clock, ACCOUNTS)
    people = People(seed, options.drivers, ACCOUNTS)
    registry = Registry(seed, options)
    tokens = Tokens(clock)
    return Sandbox(
        options=options,
        addresses=addresses,
        clock=clock,
        recorder=recorder,
        people=people,
        registry=registry,
        fleet=fleet,
        vehicles=Vehicles(seed, fleet, ACCOUNTS),
        tokens=tokens,
        browsers=Browsers(clock),
        transactions=Transactions(clock),
        faults=Faults(),
        oauth=Server(options, registry, people, tokens, clock),
        wire=Wire(addresses),
        partners=build_partners(seed, addresses, options, clock),
    )


def sandbox() -> Sandbox:
    """Return the sandbox of the application that answers the current request."""
    return cast("Sandbox", current_app.extensions["sandbox"])
