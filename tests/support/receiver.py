"""A subscriber: a small HTTP server that notes what is posted to it, and answers as it is told."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """A context manager. ``statuses`` are used up one by one, then it answers 201.

    ``posts`` are path, headers and body of each request.
    """

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.posts: list[tuple[str, dict, bytes]] = []

    def __enter__(self) -> Receiver:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts.append((self.path, dict(self.headers), body))
                status = receiver.statuses.pop(0) if receiver.statuses else 201
                answer = b'{"status":"success"}'
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                if 300 <= status < 400:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/notifications"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def bodies(self) -> list[dict]:
        return [json.loads(body)["notification"] for _, _, body in self.posts]


def wait_until(is_met, seconds: float = 10.0):
    """Return what ``is_met`` returns as soon as it is true; fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := is_met()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return found
