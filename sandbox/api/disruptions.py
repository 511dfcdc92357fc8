"""What goes wrong with one response on its way: it is delayed, replaced, sent slowly or not sent at all."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from flask import Request, Response

DRIP_SECONDS = 0.2


@dataclass(frozen=True)
class Disruption:
    """How a response is disrupted. With neither ``status``, ``drip`` nor ``close`` it is only delayed.

    ``drip`` sends ``body`` one byte every DRIP_SECONDS; ``close`` closes the connection without a response.
    """

    status: int | None = None
    body: str = ""
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    delay_ms: int = 0
    drip: bool = False
    close: bool = False

    def apply(self, request: Request) -> Response | None:
        """Return the response to send for ``request`` instead of the true one, or None to send the true one.

        Delay and close are done by the server: ``sandbox.server.connection`` reads them from the WSGI environment.
        """
        if self.delay_ms:
            arrived = request.environ.get("sandbox.arrived", 0.0)
            request.environ["sandbox.not_before"] = arrived + self.delay_ms / 1000
        if self.close:
            request.environ["sandbox.drop"] = True
            return Response()
        if self.status is None and not self.drip:
            return None
        response = Response(_dripped(self.body) if self.drip else self.body, self.status or 200)
        response.headers.remove("Content-Type")
        if self.content_type:
            response.headers["Content-Type"] = self.content_type
        response.headers.update(self.headers)
        return response


def _dripped(body: str) -> Iterator[bytes]:
    for byte in body.encode():
        yield bytes((byte,))
        time.sleep(DRIP_SECONDS)
