"""What is to be said of a ``state`` that came back, and what each kind of state is signed for."""

from __future__ import annotations

from enum import Enum

# A state of one purpose is never good for the other.
CONNECT_STATE = "connect-state"
WORKBENCH_STATE = "workbench-state"


class StateCheck(Enum):
    """What is to be said of a ``state`` that came back."""

    GOOD = "good"
    UNKNOWN = "unknown"
    FOREIGN = "foreign"
    USED = "used"
    EXPIRED = "expired"
