"""A request as a line for a shell: curl, with ``$VARIABLES`` where a secret goes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

_VARIABLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}|\$[A-Za-z_][A-Za-z0-9_]*")


def curl_line(method: str, url: str, headers: Mapping[str, str], body: str | None) -> str:
    """Return a command for POSIX shells, on several lines; only ``headers`` may hold variables to be filled in."""
    parts = ["curl --silent --show-error", f"--request {shlex.quote(method)}", f"--url {_single(url)}"]
    parts += [f"--header {quoted(f'{name}: {value}')}" for name, value in headers.items()]
    if body is not None:
        # --data would read a file for a body that begins with an at sign.
        parts.append(f"--data-raw {_single(body)}")
    return " \\\n  ".join(parts)


def quoted(text: str) -> str:
    """Quote one word: in double quotes when it holds ``$VARIABLES``, which stay live, else in single ones."""
    if not _VARIABLE.search(text):
        return _single(text)
    pieces, at = [], 0
    for found in _VARIABLE.finditer(text):
        pieces += [_escaped(text[at : found.start()]), found[0]]
        at = found.end()
    return f'"{"".join([*pieces, _escaped(text[at:])])}"'


def _single(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'"


def _escaped(text: str) -> str:
    """Take the meaning from the four characters that have one between double quotes (POSIX, shell 2.2.3)."""
    return re.sub(r'([\\"$`])', r"\\\1", text)
