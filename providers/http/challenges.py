"""Read the challenges of a WWW-Authenticate header (RFC 9110, section 11.6.1)."""

from __future__ import annotations

import re

_LONGEST = 4096
_PART = re.compile(r"""([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s",=]+))?""")


def challenges_in(header: str | None) -> list[tuple[str, dict[str, str]]]:
    """Return the schemes, in lower case, each with its parameters. What cannot be read is skipped.

    Several header lines arrive here as one, with commas between them.
    """
    found: list[tuple[str, dict[str, str]]] = []
    for name, value in _PART.findall((header or "")[:_LONGEST]):
        if not value:
            found.append((name.lower(), {}))
        elif found:
            found[-1][1].setdefault(name.lower(), _unquoted(value))
    return found


def bearer_error(header: str | None) -> str | None:
    """Return the error of a Bearer challenge (RFC 6750, section 3), None without one."""
    errors = (parameters.get("error") for scheme, parameters in challenges_in(header) if scheme == "bearer")
    return next((error for error in errors if error), None)


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
