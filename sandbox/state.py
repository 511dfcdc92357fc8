"""Everything one running sandbox knows, built once and reached by one accessor."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from sandbox.addresses import Addresses
from sandbox.authorization import Server
from sandbox.browser import Browsers
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.fleet import Fleet
from sandbox.options import Options
from sandbox.partners.desk import Partners, build_partners
from sandbox.people import People
from sandbox.recorder import Recorder
from sandbox.registry import Registry
from sandbox.seeds import Seed
from sandbox.tokens import Tokens
from sandbox.transactions import Transactions
from sandbox.vehicles import Vehicles
from sandbox.wire import Wire


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
    fleet = Fleet(seed, options.fleet_size, clock)
    people = People(seed, options.drivers)
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
        vehicles=Vehicles(seed, fleet),
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
