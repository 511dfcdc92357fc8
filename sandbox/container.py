"""One running sandbox: what its services, its partners and its control interface know, built once."""

from dataclasses import dataclass

from sandbox.api.addresses import Addresses
from sandbox.control.container import Control
from sandbox.control.faults import Faults
from sandbox.options import Options
from sandbox.partners.container import Partners, build_partners
from sandbox.server.recorder import Recorder
from sandbox.services.container import Vinli, build_vinli
from sandbox.world.clock import Clock
from sandbox.world.seeds import Seed


@dataclass(frozen=True)
class Sandbox:
    """A sandbox in three parts. Each part's views reach their own by ``current_vinli()`` and its like."""

    options: Options
    vinli: Vinli
    partners: Partners
    control: Control


def build_sandbox(options: Options, origin: str, recorder: Recorder, clock: Clock) -> Sandbox:
    """Return a sandbox that listens on ``origin``; its data depends on the options alone."""
    seed = Seed(options.seed)
    addresses = Addresses(options.public_url or origin)
    vinli = build_vinli(options, seed, addresses, clock)
    partners = build_partners(seed, addresses, clock, options.partner_lifetime)
    return Sandbox(options, vinli, partners, Control(Faults(), recorder, vinli, partners))
