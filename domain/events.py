"""The application's log: named events with fields."""

from __future__ import annotations

import logging
from typing import Any

LOGGER = logging.getLogger("vinli_connect")


def log_event(event: str, level: int = logging.INFO, **fields: Any) -> None:
    """Log one event with its fields. Values must hold no token, code, verifier, secret or query string."""
    LOGGER.log(level, event, extra={"fields": fields})
