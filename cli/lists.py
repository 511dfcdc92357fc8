"""Lists on the command line: the options that all share, and tables, JSON, lines of JSON, and CSV.

Tables are for people. ``--json`` is one document, ``--jsonl`` one object a line as it comes, ``--csv`` has a header.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from itertools import islice
from typing import Any, Concatenate, ParamSpec, TypeVar

import click

from cli.layout import columns, folded, line_width, padded
from cli.output import fails_in_words, for_programs, json_array, printable, write
from cli.times import read_time, zone_of
from domain.cars.exports.cells import csv_cell
from domain.dates import iso

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
# With fewer columns, each row is a block of lines.
_LEAST_TABLE = 60
_TELL_EVERY = 100
Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its head, its width, and the text of a record. The last one takes what is left."""

    head: str
    width: int
    text: Callable[[Record], str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is asked for: its form, its window, how many entries at most, and the reader's time zone."""

    form: str
    since: datetime | None
    until: datetime | None
    limit: int | None
    zone: tzinfo | None

    def print(self, records: Iterable[Record], table: list[Column], noun: tuple[str, str]) -> None:
        """Print records as they come. Raises what reading them raises."""
        told = _telling(islice(records, self.limit), noun[1])
        if self.form == "json":
            for_programs()
            lines: Iterator[str] = json_array(map(_plain, told))
        elif self.form == "jsonl":
            for_programs()
            lines = (json.dumps(_plain(one), ensure_ascii=False) + "\n" for one in told)
        elif self.form == "csv":
            for_programs()
            lines = _csv(told)
        else:
            lines = _table(told, table, noun)
        for line in lines:
            write(line)


_FORMS = {
    "json": "Print one JSON array.",
    "jsonl": "Print a JSON object a line, as they come.",
    "csv": "Print CSV with a header line.",
}


def forms(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command the options that every list has: its form, and how many entries at most."""

    @functools.wraps(command)
    def choosing(*args: Any, **kwargs: Any) -> R:
        chosen = [form for form in _FORMS if kwargs.pop(f"as_{form}")]
        if len(chosen) > 1:
            raise click.UsageError("Choose one of --json, --jsonl and --csv.")
        return command(*args, form=chosen[0] if chosen else None, **kwargs)

    choosing = click.option(
        "--limit", type=click.IntRange(1), metavar="N", help="At most so many entries, the newest."
    )(choosing)
    for form, meaning in reversed(_FORMS.items()):
        choosing = click.option(f"--{form}", f"as_{form}", is_flag=True, help=meaning)(choosing)
    return choosing


def plain_lists(command: Callable[Concatenate[Asked, P], R]) -> Callable[..., Any]:
    """Give a command the options of a list without times, and what they ask for as its first argument."""

    @forms
    @fails_in_words
    @functools.wraps(command)
    def asking(*args: Any, form: str | None, limit: int | None, **kwargs: Any) -> R:
        return command(Asked(form or "table", None, None, limit, None), *args, **kwargs)

    return asking


def lists(command: Callable[Concatenate[Asked, P], R]) -> Callable[..., Any]:
    """Give a command the options of lists by time, and what they ask for as its first argument."""

    @forms
    @click.option("--since", metavar="TIME", help="Entries after it, such as 2026-06-01 or '2 days ago'.")
    @click.option("--until", metavar="TIME", help="Entries up to it; default: now.")
    @click.option(
        "--tz", metavar="ZONE", help="Time zone of what you write and read; default: the machine's."
    )
    @fails_in_words
    @functools.wraps(command)
    def asking(
        *args: Any,
        form: str | None,
        since: str | None,
        until: str | None,
        limit: int | None,
        tz: str | None,
        **kwargs: Any,
    ) -> R:
        zone, now = zone_of(tz), datetime.now(UTC)
        window = [None if text is None else read_time(text, now, zone) for text in (since, until)]
        return command(Asked(form or "table", window[0], window[1], limit, zone), *args, **kwargs)

    return asking


def _plain(record: Record) -> dict[str, Any]:
    return {name: iso(value) if isinstance(value, datetime) else value for name, value in record.items()}


def _csv(records: Iterable[Record]) -> Iterator[str]:
    names: list[str] | None = None
    for record in records:
        if names is None:
            names = list(record)
            yield ",".join(names) + "\r\n"
        cells = (_cell(record.get(name)) for name in names)
        yield ",".join(cells) + "\r\n"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return iso(value)
    return csv_cell(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _table(records: Iterable[Record], table: list[Column], noun: tuple[str, str]) -> Iterator[str]:
    """Yield rows of a table, or blocks in a narrow terminal, then the count."""
    width, *fixed = line_width(), *(one.width for one in table[:-1])
    left = width - sum(fixed) - 2 * len(fixed)
    is_narrow = width < _LEAST_TABLE or left < table[-1].width
    if not is_narrow:
        yield _row([one.head for one in table], table) + "\n"
    count = 0
    for count, record in enumerate(records, start=1):  # noqa: B007
        texts = [printable(one.text(record)) for one in table]
        if is_narrow:
            yield "".join(
                f"{one.head.lower()}: {text}\n" for one, text in zip(table, texts, strict=True) if text
            )
            yield "\n"
        else:
            first, *others = folded(texts[-1], left)
            yield _row([*texts[:-1], first], table) + "\n"
            for more in others:
                yield _row([""] * len(fixed) + [more], table) + "\n"
    yield f"{count:,} {noun[0] if count == 1 else noun[1]}\n"


def _row(texts: list[str], table: list[Column]) -> str:
    cells = [padded(_cut(text, one.width), one.width) for text, one in zip(texts[:-1], table, strict=False)]
    return "  ".join([*cells, texts[-1]]).rstrip()


def _cut(text: str, width: int) -> str:
    return text if columns(text) <= width else folded(text, width)[0]


def _telling(records: Iterable[T], noun: str) -> Iterator[T]:
    """Yield records, and tell on a terminal's standard error how many have come."""
    is_told = sys.stderr is not None and sys.stderr.isatty() and not (sys.stdout and sys.stdout.isatty())
    count = 0
    for count, record in enumerate(records, start=1):
        yield record
        if is_told and count % _TELL_EVERY == 0:
            _tell(f"\r{count:,} {noun}")
    if is_told and count:
        _tell(f"\r{count:,} {noun}\n")


def _tell(text: str) -> None:
    with suppress(OSError, ValueError):
        print(text, end="", file=sys.stderr, flush=True)
