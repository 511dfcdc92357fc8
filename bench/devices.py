"""Measure listing all devices of the app: the time against the limit of latency and concurrency, and the memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import ceil
from time import perf_counter

from bench.downstream import Download, Memory, Operator, expected_row, parsed, run_command
from bench.figures import Series, expected_seconds
from bench.report import Row, compared, counted
from bench.upstream import PAGE, ByteReader, added_device, byte_reader, follow_next
from tests.support.app_process import AppProcess
from tests.support.sandbox_process import SandboxProcess

LATENCY_MS = 30
LATENCY = LATENCY_MS / 1000
CONCURRENCY = 16
OVERHEAD = 1.1
FIRST_ROW_LATENCIES = 1.3
HUGE = 100_000
MOST_GROWTH_MB = 30


@dataclass(frozen=True)
class Stage:
    """A sandbox with `size` devices and a latency, one with the same devices and no latency, and the app.

    `transfer` reads the bytes without latency, `delayed` with it. Both only read bytes.
    """

    size: int
    sandbox: SandboxProcess
    app: AppProcess
    operator: Operator
    transfer: ByteReader
    delayed: ByteReader
    truth: list[tuple[str, ...]]

    @property
    def pages(self) -> int:
        return ceil(self.size / PAGE)

    def expected(self, transfer: Series) -> Series:
        """Return the time computed from latency and concurrency, with each round's own transfer."""
        return Series(
            tuple(expected_seconds(LATENCY, self.pages, CONCURRENCY, value) for value in transfer.values)
        )


def measure() -> list[Row]:
    """Compare lists of three sizes."""
    rows: list[Row] = []
    with _stage(1_431) as stage:
        rows += _csv(stage, rounds=25, times_faster=7)
        rows += _without_a_guess(stage, rounds=9)
        rows += _command_line(stage, rounds=7)
    with _stage(10_000) as stage:
        rows += _csv(stage, rounds=7, times_faster=10)
    with _stage(HUGE) as stage:
        rows += _huge(stage)
    return rows


@contextmanager
def _stage(size: int) -> Iterator[Stage]:
    with ExitStack() as stack:
        sandbox, quick = (
            stack.enter_context(SandboxProcess("--quiet", "--devices", size, "--latency-ms", latency))
            for latency in (LATENCY_MS, 0)
        )
        app = stack.enter_context(AppProcess(sandbox.credentials, VINLI_CONCURRENCY=str(CONCURRENCY)))
        transfer, delayed = (
            stack.enter_context(byte_reader(source.origin, source.app, CONCURRENCY))
            for source in (quick, sandbox)
        )
        truth = [expected_row(device) for device in follow_next(quick.origin, quick.app)]
        yield Stage(size, sandbox, app, Operator(app), transfer, delayed, truth)


@dataclass(frozen=True)
class Round:
    """The times of one round, in seconds."""

    download: Download
    transfer: float
    delayed: float
    followed: float


def _csv(stage: Stage, rounds: int, times_faster: float) -> list[Row]:
    """Measure in turns: our CSV, only the bytes without and with latency, and a program that follows `next`."""
    turns = [_round(stage) for _ in range(1 + rounds)][1:]  # the first one warms up
    total, first_row, transfer, delayed, followed = (
        Series(values)
        for values in zip(
            *((t.download.total, t.download.first_row, t.transfer, t.delayed, t.followed) for t in turns),
            strict=True,
        )
    )
    latency = Series((LATENCY,) * rounds)
    name = f"{stage.size:,} devices"
    csv = f"{name} read before, as CSV"
    return [
        _completeness(f"{csv}, each time", [turn.download.rows() for turn in turns], stage.truth),
        compared(f"{csv}, against the formula", total, stage.expected(transfer), at_most=OVERHEAD),
        compared(f"{csv}, against following next", total, followed, times_faster=times_faster),
        compared(f"{csv}, first row, against the latency", first_row, latency, at_most=FIRST_ROW_LATENCIES),
        compared(f"{csv}, against the bytes alone at that latency", total, delayed),
        compared(f"{name}, the bytes alone, against following next", delayed, followed, is_speed=True),
    ]


def _round(stage: Stage) -> Round:
    return Round(
        stage.operator.download(),
        stage.transfer.seconds(stage.pages),
        stage.delayed.seconds(stage.pages),
        _seconds(lambda: follow_next(stage.sandbox.origin, stage.sandbox.app)),
    )


def _without_a_guess(stage: Stage, rounds: int) -> list[Row]:
    """Measure in turns: the first reading of a new process, a list that grew since, and only the bytes."""
    fresh, grown, transfers, followed = [], [], [], []
    for number in range(rounds):
        with AppProcess(stage.sandbox.credentials, VINLI_CONCURRENCY=str(CONCURRENCY)) as app:
            operator = Operator(app)
            fresh.append(operator.download().total)
            with added_device(stage.sandbox.origin, stage.sandbox.app, number):
                grown.append(operator.download().total)
        transfers.append(stage.transfer.seconds(stage.pages))
        followed.append(_seconds(lambda: follow_next(stage.sandbox.origin, stage.sandbox.app)))
    expected, following = stage.expected(Series(tuple(transfers))), Series(tuple(followed))
    name = f"{stage.size:,} devices as CSV"
    return [
        compared(f"{name}, first reading of a process, against the formula", Series(tuple(fresh)), expected),
        compared(f"{name}, same, against following next", Series(tuple(fresh)), following, is_speed=True),
        compared(f"{name}, grown by one since, against the formula", Series(tuple(grown)), expected),
        compared(f"{name}, same, against following next", Series(tuple(grown)), following, is_speed=True),
    ]


def _command_line(stage: Stage, rounds: int) -> list[Row]:
    """Measure in turns: the list on the command line, the same program with no work, and only the bytes."""
    lists, starts, transfers, printed = [], [], [], []
    for _ in range(rounds):
        seconds, text = run_command(stage.app, "devices", "list", "--csv")
        lists.append(seconds)
        printed.append(parsed(text))
        starts.append(run_command(stage.app, "devices", "--help")[0])
        transfers.append(stage.transfer.seconds(stage.pages))
    listing = Series(tuple(lists)).minus(Series(tuple(starts)))
    name = f"{stage.size:,} devices, command line"
    return [
        _completeness(f"{name}, each time", printed, stage.truth),
        compared(
            f"{name} less its start, against the formula", listing, stage.expected(Series(tuple(transfers)))
        ),
    ]


def _huge(stage: Stage) -> list[Row]:
    """List so many devices that the memory would show if the process kept them."""
    memory = Memory(stage.app)
    before = memory.now()
    download = stage.operator.download()
    growth = memory.peak() - before
    transfer = Series((stage.transfer.seconds(stage.pages),))
    name = f"{stage.size:,} devices"
    return [
        _completeness(f"{name} as CSV", [download.rows()], stage.truth),
        Row(
            f"{name}, growth of the app's memory at its peak",
            f"{growth:.1f} MB",
            f"{before:.1f} MB",
            "",
            f"under {MOST_GROWTH_MB} MB",
            growth < MOST_GROWTH_MB,
        ),
        compared(f"{name} as CSV, against the formula", Series((download.total,)), stage.expected(transfer)),
    ]


def _completeness(what: str, listings: list[list[tuple[str, ...]]], truth: list[tuple[str, ...]]) -> Row:
    """Return a row that says whether every listing equals the sandbox's own list, row by row."""
    counts = sorted({len(rows) for rows in listings})
    is_whole = all(rows == truth for rows in listings) and len(set(truth)) == len(truth)
    shown = " or ".join(f"{count:,} rows" for count in counts)
    return counted(what, shown, f"{len(truth):,} rows", "equal, in order, none twice", is_met=is_whole)


def _seconds(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started
