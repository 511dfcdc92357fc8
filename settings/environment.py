"""The variables from which the settings are read: the environment, and ``.env`` in the working directory.

A ``.env`` means the same for every program. Each line is taken as it stands: nothing is put in for ``${NAME}``, because
a secret may hold these characters. The ``flask`` command puts files into the environment by itself, with other rules,
and even takes them from parent folders. So its additions are left out here, except the file that ``-e`` names.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import MutableMapping
from pathlib import Path

import click
from dotenv import dotenv_values
from dotenv.parser import parse_stream

from settings.errors import SettingsError

DOTENV = ".env"
# The environment of this process as it was at its start (Linux, proc(5)).
_AT_START = Path("/proc/self/environ")
_OF_FLASK = (".flaskenv", ".env")


def variables(dotenv: str | os.PathLike[str] = DOTENV) -> dict[str, str]:
    """Return all variables that have a value. The environment wins over files.

    Raises SettingsError if a file cannot be read.
    """
    if _is_flask_command():
        _forget_flasks_files(os.environ)
    named = _file_of_command()
    files = [read_dotenv(dotenv), read_dotenv(named) if named else {}]
    found: dict[str, str] = {}
    for values in (*files, os.environ):
        found |= {name: value for name, value in values.items() if value}
    return found


def read_dotenv(path: str | os.PathLike[str]) -> dict[str, str]:
    """Return the variables of a file, as they stand; none if it does not exist. Raises SettingsError."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        cause = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise SettingsError({str(path): f"cannot be read: {cause}"}) from None
    found: dict[str, str] = {}
    for line in parse_stream(io.StringIO(text)):
        if line.error:
            raise SettingsError({str(path): f"has a line that cannot be read: line {line.original.line}"})
        if line.key and line.value is not None:
            found[line.key] = line.value
    return found


def _is_flask_command() -> bool:
    """Tell if the ``flask`` command is running. This package knows no Flask, so its command is known by its name."""
    context = click.get_current_context(silent=True)
    return context is not None and type(context.find_root().command).__name__ == "FlaskGroup"


def _file_of_command() -> str | None:
    """Return the file that ``flask -e`` names; None without one. Click does not keep the value."""
    if not _is_flask_command():
        return None
    words = iter(sys.argv[1:])
    found = os.environ.get("FLASK_ENV_FILE")
    for word in words:
        name, equals, value = word.partition("=")
        if not word.startswith("-"):
            break  # the command itself; its own options follow
        if word in {"-A", "--app"}:
            next(words, None)
        elif word in {"-e", "--env-file"}:
            found = next(words, None)
        elif name == "--env-file" and equals:
            found = value
        elif word.startswith("-e"):
            found = word[2:]
    return found


def _forget_flasks_files(environ: MutableMapping[str, str]) -> None:
    """Take from the environment what the ``flask`` command put there from files.

    They must not stay in it: the reloader of ``flask run --debug`` passes it on to the process that serves, which could
    not tell them from what a person has set. What configures the command itself stays.
    """
    at_start = _at_start()
    folders = (Path.cwd(), *Path.cwd().parents)
    files = [folder / name for folder in folders for name in _OF_FLASK]
    named = _file_of_command()
    for path in [Path(named), *files] if named else files:
        for name, value in dotenv_values(path).items():
            is_added = environ.get(name) == value if at_start is None else name not in at_start
            if is_added and not name.startswith("FLASK_"):
                environ.pop(name, None)


def _at_start() -> set[str] | None:
    try:
        text = _AT_START.read_bytes()
    except OSError:
        return None
    return {os.fsdecode(pair.partition(b"=")[0]) for pair in text.split(b"\0") if pair}


def wants_colour() -> bool:
    """Tell if the environment allows coloured output (no-color.org)."""
    return not os.environ.get("NO_COLOR")
