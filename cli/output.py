"""What all commands print alike: JSON, facts, texts that cannot steer a terminal, and failures in words."""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ParamSpec, TypeVar

import click

from domain.problems import problem_for
from providers.errors import NotFound, ProviderError
from store.base import StoreError

P = ParamSpec("P")
R = TypeVar("R")


def fails_in_words(command: Callable[P, R]) -> Callable[P, R]:
    """Print errors of remote systems and the store as text on standard error, and exit with status 1."""

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        quiet_log()
        try:
            return command(*args, **kwargs)
        except (ProviderError, StoreError) as error:
            raise click.ClickException(_in_words(error)) from error

    return guarded


def quiet_log() -> None:
    """Keep log lines from appearing between the lines that a person reads."""
    logging.getLogger("providers").setLevel(logging.ERROR)


def printable(value: object) -> str:
    """Return a value for a terminal, with U+FFFD in place of control characters, which could control it."""
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def print_json(value: object) -> None:
    """Print a JSON value, indented."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def json_array(values: Iterable[object]) -> Iterator[str]:
    opening = "["
    for value in values:
        yield f"{opening}\n{json.dumps(value, ensure_ascii=False)}"
        opening = ","
    yield "[]\n" if opening == "[" else "\n]\n"


def print_facts(about: Mapping[str, Any]) -> None:
    """Print names and values, one a line; those of a value with names of its own follow its name and a dot."""
    for name, value in _flat(about):
        click.echo(f"{name:<22} {printable(value)}")


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _in_words(error: Exception) -> str:
    if isinstance(error, NotFound):
        return "No device of this app has that id."
    problem = problem_for(error)
    advice = next((text for text in problem.todo if text.startswith("Operator:")), "")
    return " ".join(part for part in (f"{problem.title}. {problem.what}", advice, f"({error})") if part)
