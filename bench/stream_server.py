"""A server with one list of messages that is paged by time, and nothing else: the sandbox's server, and its latency.

``python -m bench.stream_server COUNT SHAPE LATENCY_MS`` prints its port. SHAPE is ``even`` (one long drive) or
``drives`` (some drives a day). The texts are made once, so that little of the measured time is the server's.
"""

from __future__ import annotations

import random
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from sandbox.api.dates import iso
from sandbox.server.recorder import Recorder
from sandbox.server.server import Server

NEWEST_MS = 1_795_000_000_000
STEP_MS = 5_000
DAY_MS = 86_400_000
MOST = 100


def times(count: int, shape: str) -> list[int]:
    """Return the times of the messages in Unix milliseconds, oldest first."""
    if shape == "even":
        return [NEWEST_MS - STEP_MS * number for number in range(count)][::-1]
    draw, day = random.Random(1), 0
    found: list[int] = []
    while len(found) < count:
        for hour in sorted(draw.sample(range(7, 22), draw.randrange(0, 5))):
            start = NEWEST_MS - (day + 1) * DAY_MS + hour * 3_600_000
            found += [start + STEP_MS * number for number in range(draw.randrange(40, 300))]
        day += 1
    return sorted(set(found))[-count:]


class Messages:
    """The WSGI application."""

    def __init__(self, moments: list[int], latency_ms: int) -> None:
        self._moments = moments
        self._latency = latency_ms / 1000

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request for a page."""
        query = dict(parse_qsl(environ["QUERY_STRING"]))
        since, until = int(query.get("since", 0)), int(query.get("until", NEWEST_MS))
        limit = min(int(query.get("limit", 20)), MOST)
        first, end = bisect_right(self._moments, since), bisect_right(self._moments, until)
        begin = max(first, end - limit)
        if query.get("sortDir") == "asc":
            begin, end = first, min(end, first + limit)
        shown = self._moments[begin:end][::-1]
        links = f'{{"prior":"?limit={limit}&until={shown[-1] - 1}"}}' if begin > first else "{}"
        body = (
            f'{{"messages":[{",".join(map(_text, shown))}],"meta":{{"pagination":{{"remaining":{begin - first},'
            f'"until":"{iso(until)}","since":"{iso(since)}","limit":{limit},"sortDir":"desc","links":{links}}}}}}}'
        ).encode()
        environ["sandbox.not_before"] = environ["sandbox.arrived"] + self._latency
        start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]


def _text(at: int) -> str:
    return (
        f'{{"id":"{at:08x}-0000-4000-8000-{at:012x}","timestamp":"{iso(at)}","data":{{"location":{{"type":"Point",'
        '"coordinates":[-97.352701,33.021402]},"accel":{"maxX":0.36,"minX":-0.45,"maxY":0.81,"minY":-0.39,"maxZ":-9.5,'
        '"minZ":-10.1},"rpm":1264,"vehicleSpeed":54,"calculatedLoadValue":29.019607843137255},"links":{"self":"http://'
        f'127.0.0.1/api/v1/messages/{at:08x}"}}}}'
    )


def main(arguments: list[str]) -> None:
    """Serve until killed."""
    count, shape, latency_ms = int(arguments[0]), arguments[1], int(arguments[2])
    server = Server(("127.0.0.1", 0), Recorder())
    server.app = Messages(times(count, shape), latency_ms)
    print(server.port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
