"""``python -m bench [NAME...]``: measure, print a table, exit with 1 if a target is missed."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import devices, login, sandbox, streams, tokens
from bench.report import Row, table

BENCHES = {
    "login": login.measure,
    "devices": devices.measure,
    "tokens": tokens.measure,
    "streams": streams.measure,
    "sandbox": sandbox.measure,
}


def main(arguments: Sequence[str]) -> int:
    """Run the named benchmarks, or all if none is named; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("bench", nargs="*", choices=[*BENCHES, []], help="all of them when none is named")
    names = parser.parse_args(arguments).bench or list(BENCHES)
    rows: list[Row] = []
    print(f"load before: {load()}", flush=True)
    for name in names:
        measured = BENCHES[name]()
        print(f"\n{name}\n\n{table(measured)}\n", flush=True)
        rows += measured
    missed = [row.what for row in rows if row.is_met is False]
    print(f"load after: {load()}\n{len(missed)} targets missed{': ' if missed else ''}{'; '.join(missed)}")
    return 1 if missed else 0


def load() -> str:
    """Return the load average of the last 1, 5 and 15 minutes as text."""
    return " ".join(Path("/proc/loadavg").read_text().split()[:3])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
