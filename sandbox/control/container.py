"""What the control interface works on: the faults, the record of requests, and what it changes elsewhere."""

from dataclasses import dataclass

from sandbox.control.faults import Faults
from sandbox.partners.container import Partners
from sandbox.server.recorder import Recorder
from sandbox.services.container import Vinli


@dataclass(frozen=True)
class Control:
    """The collaborators of the control interface's views."""

    faults: Faults
    recorder: Recorder
    vinli: Vinli
    partners: Partners
