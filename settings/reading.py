"""Read the settings from variables and from files of secrets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from settings.converters import origin
from settings.cross_checks import check_together
from settings.environment import DOTENV, variables
from settings.errors import SettingsError
from settings.fields import VINLI_SERVICES, Settings
from settings.texts import fault_of, pasted


def from_environ(environ: Mapping[str, str]) -> Settings:
    """Read the settings from a mapping of variables.

    Raises SettingsError with all problems.
    """
    problems: dict[str, str] = {}
    values = _read_fields(environ, problems)
    _fill_in_services(values, problems)
    check_together(values, environ, problems)
    if problems:
        raise SettingsError(problems)
    return Settings(**values)


def load(dotenv: str | os.PathLike[str] = DOTENV) -> Settings:
    """Read the settings from the environment; variables that are not set there come from the file ``dotenv``.

    Raises SettingsError with all problems.
    """
    return from_environ(variables(dotenv))


def _text_of(name: str, environ: Mapping[str, str], *, secret: bool, problems: dict[str, str]) -> str | None:
    """Return a variable's text, for secrets also from the file that ``NAME_FILE`` names; None if it is not set."""
    text = pasted(environ.get(name, "")) or None
    file_name = pasted(environ.get(f"{name}_FILE", "")) if secret else ""
    if not file_name:
        return text
    if text is not None:
        problems[f"{name}_FILE"] = f"is set together with {name}; keep one of the two"
        return text
    try:
        return pasted(Path(file_name).read_text(encoding="utf-8")) or None
    except (OSError, UnicodeDecodeError) as error:
        problems[f"{name}_FILE"] = (
            f"cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}"
        )
        return None


def _read_fields(environ: Mapping[str, str], problems: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for about in fields(Settings):
        name = about.name.upper()
        text = _text_of(name, environ, secret=about.metadata["secret"], problems=problems)
        if text is None:
            if about.metadata["required"] and f"{name}_FILE" not in problems:
                problems[name] = "is missing"
            continue
        try:
            if (fault := fault_of(text)) is not None:
                raise ValueError(fault)
            values[about.name] = about.metadata["convert"](text)
        except ValueError as error:
            problems[name] = str(error)
    return values


def _fill_in_services(values: dict[str, Any], problems: dict[str, str]) -> None:
    stack = values.get("vinli_stack", ".vin.li")
    for service in VINLI_SERVICES:
        name = f"vinli_{service}_url"
        if name in values or name.upper() in problems:
            continue
        try:
            values[name] = origin(f"https://{service}{stack}")
        except ValueError as error:
            problems["VINLI_STACK"] = f"makes no valid origin: it {error}"
