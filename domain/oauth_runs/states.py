"""The results of checking a ``state`` that came back, and the purposes for which states are signed."""

from __future__ import annotations

from enum import Enum

# A state that is signed for one purpose is not valid for the other.
CONNECT_STATE = "connect-state"
WORKBENCH_STATE = "workbench-state"


class StateCheck(Enum):
    """The result of checking a ``state`` that came back."""

    GOOD = "good"
    UNKNOWN = "unknown"
    FOREIGN = "foreign"
    USED = "used"
    EXPIRED = "expired"
