"""A request as a curl command for a shell, with ``$VARIABLES`` in place of secrets."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

_VARIABLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}|\$[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Variable:
    """A variable of the reader's shell that stands for a secret."""

    name: str


def curl_line(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: str | None,
    *,
    user: tuple[str, Variable] | None = None,
    form: Mapping[str, str | Variable] | None = None,
) -> str:
    """Return a command for POSIX shells, on several lines. The shell expands only variables, also those in ``headers``.

    ``user`` is sent as HTTP Basic. ``form`` is sent in the body; curl encodes its values.
    """
    parts = ["curl --silent --show-error", f"--request {shlex.quote(method)}", f"--url {_single(url)}"]
    parts += [f"--header {quoted(f'{name}: {value}')}" for name, value in headers.items()]
    if user is not None:
        parts.append(f"--user {_followed(f'{user[0]}:', user[1])}")
    # The equals sign after each name keeps curl from taking a value for the name of a file.
    parts += [f"--data-urlencode {_followed(f'{name}=', value)}" for name, value in (form or {}).items()]
    if body is not None:
        # --data would read a file if the body begins with an at sign.
        parts.append(f"--data-raw {_single(body)}")
    return " \\\n  ".join(parts)


def _followed(text: str, more: str | Variable) -> str:
    """Return one shell word. The variable has its own double quotes, so that the shell expands nothing else."""
    return f'{_single(text)}"${more.name}"' if isinstance(more, Variable) else _single(text + more)


def quoted(text: str) -> str:
    """Quote one shell word: in double quotes if it holds ``$VARIABLES``, so that they expand; else in single quotes."""
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
    """Escape the four characters that are special between double quotes (POSIX, shell 2.2.3)."""
    return re.sub(r'([\\"$`])', r"\\\1", text)
