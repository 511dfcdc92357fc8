"""What all commands print alike: JSON, facts, texts that cannot steer a terminal, and failures in words."""

from __future__ import annotations

import errno
import functools
import io
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

import click

from cli.layout import beside
from domain.problems import problem_for
from providers.errors import NotFound, ProviderError
from settings.environment import wants_colour
from store.base import StoreError

P = ParamSpec("P")
R = TypeVar("R")


_NOT_WRITTEN = frozenset({errno.ENOSPC, errno.EIO, errno.EBADF, errno.EDQUOT, errno.EFBIG})
EXIT_NOT_WRITTEN = 74
"""The exit status if the output could not be written (EX_IOERR of sysexits.h). It is no result of a command."""
EXIT_PIPE_CLOSED = 141
"""The exit status that a shell reports for a program whose reader has left (128 + SIGPIPE)."""


def writes_safely(command: Callable[P, R]) -> Callable[P, R]:
    """Let a command print into any encoding, and end in words if its output cannot be written."""

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        for stream in (sys.stdout, sys.stderr):
            # The stream may be closed, or replaced by a test.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        try:
            try:
                return command(*args, **kwargs)
            finally:
                _flush()
        except BrokenPipeError:
            _discard()
            raise SystemExit(EXIT_PIPE_CLOSED) from None
        except OutputFailed as error:
            _discard()
            _say_not_written(error.cause)
            raise SystemExit(EXIT_NOT_WRITTEN) from None

    return guarded


class OutputFailed(Exception):
    """Standard output takes no more text."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


def write(text: str) -> None:
    """Write text to standard output. Raises OutputFailed, or BrokenPipeError if the reader has left."""
    with _failing_in_words():
        sys.stdout.write(text)


def write_bytes(content: bytes) -> None:
    """Write bytes to standard output, after all text so far. Raises what `write` raises."""
    with _failing_in_words():
        sys.stdout.flush()
        sys.stdout.buffer.write(content)


def say(text: str = "") -> None:
    """Write a line to standard output. Raises what `write` raises."""
    write(f"{text}\n")


def for_programs() -> None:
    """Write UTF-8 from now on: JSON and CSV mean the same in every terminal (RFC 8259, section 8.1)."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What is no UTF-8 comes from arguments. In JSON this is a valid escape.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


@contextmanager
def _failing_in_words() -> Iterator[None]:
    if sys.stdout is None:
        raise OutputFailed("it is closed")
    try:
        yield
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:  # ValueError if it was closed meanwhile
        raise OutputFailed(getattr(error, "strerror", None) or "it is closed") from error


def say_aside(text: str) -> None:
    """Write a line to standard error. If it takes none, the command goes on: its output is what counts."""
    try:
        click.echo(text, err=True)
    except (OSError, ValueError):
        _discard(2)


def end_in_words_everywhere() -> None:
    """End in words also where click itself writes, such as ``--help``. Its commands cannot be wrapped."""
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, OSError) and error.errno in _NOT_WRITTEN and error.filename is None:
            _say_not_written(error.strerror or "it is closed")
            os._exit(EXIT_NOT_WRITTEN)  # the interpreter would try to write what is left
        before(kind, error, trace)

    sys.excepthook = hook


def _flush() -> None:
    with _failing_in_words():
        sys.stdout.flush()


def _discard(stream: int = 1) -> None:
    """Send what is still buffered nowhere, so that the interpreter does not fail on it at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)


def _say_not_written(cause: str) -> None:
    with suppress(OSError, ValueError):
        print(f"Error: The output could not be written: {cause}.", file=sys.stderr, flush=True)


def fails_in_words(command: Callable[P, R]) -> Callable[P, R]:
    """Print errors of remote systems and the store as text on standard error, and exit with status 1."""

    @writes_safely
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


def coloured(text: str, colour: str) -> str:
    """Return a text in a colour if standard output is a terminal that wants colours (no-color.org)."""
    is_wanted = sys.stdout is not None and sys.stdout.isatty() and wants_colour()
    return click.style(text, fg=colour, bold=True) if is_wanted else text


def print_json(value: object) -> None:
    """Print a JSON value, indented."""
    for_programs()
    say(json.dumps(value, indent=2, ensure_ascii=False))


def json_array(values: Iterable[object]) -> Iterator[str]:
    opening = "["
    for value in values:
        yield f"{opening}\n{json.dumps(value, ensure_ascii=False)}"
        opening = ","
    yield "[]\n" if opening == "[" else "\n]\n"


def print_facts(about: Mapping[str, Any]) -> None:
    """Print names and values, one a line; those of a value with names of its own follow its name and a dot."""
    for name, value in _flat(about):
        say("\n".join(beside(f"{name:<22} ", printable(value))))


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
