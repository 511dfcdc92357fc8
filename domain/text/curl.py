"""A request as a line for a shell: curl, with ``$VARIABLES`` where a secret goes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

_VARIABLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}|\$[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Variable:
    """A variable of the reader's shell, in the place of a secret."""

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
    """Return a command for POSIX shells, on several lines; a dollar sign is one in all but variables and ``headers``.

    ``user`` is sent as HTTP Basic, ``form`` in the body, where curl encodes the values.
    """
    parts = ["curl --silent --show-error", f"--request {shlex.quote(method)}", f"--url {_single(url)}"]
    parts += [f"--header {quoted(f'{name}: {value}')}" for name, value in headers.items()]
    if user is not None:
        parts.append(f"--user {_followed(f'{user[0]}:', user[1])}")
    # The names are followed by an equals sign, so that no value is taken for the name of a file.
    parts += [f"--data-urlencode {_followed(f'{name}=', value)}" for name, value in (form or {}).items()]
    if body is not None:
        # --data would read a file for a body that begins with an at sign.
        parts.append(f"--data-raw {_single(body)}")
    return " \\\n  ".join(parts)


def _followed(text: str, more: str | Variable) -> str:
    """Return one word; the variable stands in quotes of its own, so that nothing else comes alive."""
    return f'{_single(text)}"${more.name}"' if isinstance(more, Variable) else _single(text + more)


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
