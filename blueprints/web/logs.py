"""Structured logs: one line per event, with UTC time, request id and encoded values, without secrets.

Events have a name and fields (``domain.events``). Our code passes no secret to a log. The scrubber is a second
protection for texts of other libraries: it hides query strings and Authorization values.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
import time
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, has_request_context, request

from blueprints.web.policies import current_policy
from domain.events import LOGGER, log_event

# DEBUG output of these holds verifiers, tokens and whole URLs. Request lines of werkzeug hold query strings.
QUIET_LOGGERS = ("urllib3", "requests", "authlib", "flask-limiter", "limits", "werkzeug", "redis")

SECRET_PARAMETERS = (
    "access_token|authorization|client_secret|code|code_verifier|csrf_token|id_token|link|password"  # noqa: S105
    "|refresh_token|state|token"
)
SCRUBBED = (
    (
        re.compile(rf"(?i)(?:\b|(?<=%3F)|(?<=%26)|(?<=%23))({SECRET_PARAMETERS})(=|%3D)[^&\s\"'<>]+"),
        r"\1\2[hidden]",
    ),
    (re.compile(rf"(?i)([\"']({SECRET_PARAMETERS})[\"']\s*:\s*)[\"'][^\"']*[\"']"), r'\1"[hidden]"'),
    (re.compile(r"(?i)\b(basic|bearer)\s+[A-Za-z0-9+/=._~-]{6,}"), r"\1 [hidden]"),
)
# No vowels and no similar characters, because people read these ids aloud to support.
REFERENCE_ALPHABET = "BCDFGHJKMNPQRSTVWXZ23456789"


def _without_query(line: str) -> str:
    """Cut a line after the ``?`` of an address. The query may hold any bytes, even quotes and spaces."""
    slash = line.find("/")
    mark = line.find("?", slash) + 1 if slash >= 0 else 0
    return f"{line[:mark]}[hidden]" if 0 < mark < len(line) else line


def scrub(text: str) -> str:
    """Hide queries of addresses, values of known secret parameters, and Authorization values in a text."""
    text = "\n".join(map(_without_query, text.split("\n")))
    for pattern, replacement in SCRUBBED:
        text = pattern.sub(replacement, text)
    return text


def new_reference() -> str:
    """Return a short random id that a person can read out, like ``7KQ2-MXW9-TR4C``."""
    letters = "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(12))
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def reference() -> str:
    """Return the id of the current request, which its log lines and its error page show."""
    if "reference" not in g:
        g.reference = new_reference()
    return str(g.reference)


class LineFormatter(logging.Formatter):
    """Format ``<UTC time> <level> <logger> <message> key="value"...``. Values are JSON, so they hold no line breaks."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        parts = [when, record.levelname, record.name, json.dumps(scrub(record.getMessage()))]
        found: dict[str, Any] = dict(getattr(record, "fields", {}))
        if has_request_context():
            found.setdefault("reference", reference())
        if record.exc_info:
            found["exception"] = self.formatException(record.exc_info)
        # Scrub texts before they are encoded, so that no escape is cut in two.
        parts += [
            f"{name}={json.dumps(scrub(value)) if isinstance(value, str) else scrub(json.dumps(value, default=str))}"
            for name, value in found.items()
        ]
        return " ".join(parts)


def configure_logging() -> None:
    """Send all logs of the process to standard error in our format. Later calls change nothing."""
    root = logging.getLogger()
    if not any(isinstance(handler.formatter, LineFormatter) for handler in root.handlers):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(LineFormatter())
        root.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    logging.getLogger("providers").setLevel(logging.INFO)
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    # The warnings of urllib3 quote an upstream's invalid response head.
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)


def register_request_log(app: Flask) -> None:
    """Log every request except health checks and static files: method, path, status, milliseconds.

    Templates can show the reference of the request's log lines.
    """
    app.add_template_global(reference, "request_reference")

    @app.before_request
    def remember_start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def log_request(response: Response) -> Response:
        if current_policy().is_logged:
            elapsed = (time.perf_counter() - g.get("started", time.perf_counter())) * 1000
            log_event(
                "request",
                method=request.method,
                path=request.path[:200],
                status=response.status_code,
                ms=round(elapsed, 1),
            )
        return response
