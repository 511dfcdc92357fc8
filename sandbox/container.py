"""One running sandbox: its services, partners and control interface, built once at the start."""

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
    """A sandbox and its three parts. Views reach their part by ``current_vinli()``, ``current_partners()``, ..."""

    options: Options
    vinli: Vinli
    partners: Partners
    control: Control


def build_sandbox(options: Options, origin: str, recorder: Recorder, clock: Clock) -> Sandbox:
    """Return a sandbox that listens on ``origin``. Its data depends on the options alone."""
    seed = Seed(options.seed)
    addresses = Addresses(options.public_url or origin)
    vinli = build_vinli(options, seed, addresses, clock)
    partners = build_partners(seed, addresses, clock, options.partner_lifetime)
    return Sandbox(options, vinli, partners, Control(Faults(), recorder, vinli, partners))
