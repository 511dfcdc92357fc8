"""The HTTP server under the sandbox: one process, a thread per connection, keep-alive.

Werkzeug's server closes the connection after every response, and gunicorn runs more than one process. Clients of the
sandbox need their pooled connections to be reused, and a sandbox that is killed has to be gone at once.
"""

import logging
import socket
import socketserver
import ssl
import sys
from itertools import count
from typing import Any

from sandbox.server.connection import Connection, WsgiApplication
from sandbox.server.recorder import Recorder

logger = logging.getLogger(__name__)


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Listens as soon as it is created. Set ``app``, then call ``serve_forever``."""

    app: WsgiApplication
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(
        self, address: tuple[str, int], recorder: Recorder, tls: ssl.SSLContext | None = None
    ) -> None:
        """Bind ``address``; raises OSError when it is in use or not an address of this machine."""
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.recorder = recorder
        self.tls = tls
        self.numbers = count(1)
        super().__init__(address, Connection)

    @property
    def port(self) -> int:
        """The TCP port it listens on."""
        return int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Count a connection when it is accepted, even if no request follows."""
        self.recorder.connection_opened()
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log the error that ended a connection's thread. A client that went away is not logged."""
        error = sys.exception()
        if not isinstance(error, OSError):
            logger.error("a connection broke", exc_info=error)
