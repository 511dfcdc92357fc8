"""Small real servers on loopback. Each connection has a thread, and the test chooses each response."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

CLOSE = object()
RESET = object()


@dataclass(frozen=True)
class Received:
    """A received request. `connection` is the number of its connection, counted from 1."""

    connection: int
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self):
        return urlsplit(self.target).path

    @property
    def query(self):
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def form(self):
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


def http(status=200, body=b"", *, content_type="application/json", length=True, **headers):
    """Return an HTTP/1.1 response; keyword arguments become headers (`retry_after` for Retry-After)."""
    lines = [f"HTTP/1.1 {status} Whatever"]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    if length:
        lines.append(f"Content-Length: {len(body)}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def json_reply(value, status=200, **headers):
    return http(status, json.dumps(value).encode(), **headers)


class Server:
    """Answer each request with `respond(received)`: bytes, CLOSE, RESET, or a function.

    A function gets the socket. The connection stays open if it returns a true value.
    """

    def __init__(self, respond, tls=None):
        self.respond = respond
        self.tls = tls
        self.received = []
        self.connections = 0
        self._open = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self.scheme = "https" if tls else "http"
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def origin(self):
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def close(self):
        """Stop listening and end every connection."""
        end(self._listener)  # closing alone would not end the accept call under way
        self._listener.close()
        with self._lock:
            for sock in self._open:
                end(sock)

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                number = self.connections
                self._open.append(sock)
            threading.Thread(target=self._serve, args=(sock, number), daemon=True).start()

    def _serve(self, sock, number):
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # pieces are not delayed or merged
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
            with sock.makefile("rb") as reader:
                self._converse(sock, reader, number)
        except (OSError, ValueError):
            pass
        finally:
            sock.close()

    def _converse(self, sock, reader, number):
        while received := read_request(reader, number):
            with self._lock:
                self.received.append(received)
            reply = self.respond(received)
            if reply is CLOSE:
                return
            if reply is RESET:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            if not callable(reply):
                sock.sendall(reply)
            elif not reply(sock):
                return


def end(sock):
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def read_request(reader, number):
    start = reader.readline().decode("latin-1")
    if not start:
        return None
    method, target, _ = start.split(" ", 2)
    headers = {}
    while (line := reader.readline().decode("latin-1").strip()) != "":
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = reader.read(int(headers.get("content-length", "0")))
    return Received(number, method, target, headers, body)


def in_turn(*replies):
    """Return a `respond` that gives these replies in order, and then repeats the last one."""
    lock = threading.Lock()
    left = list(replies)

    def respond(_received):
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return respond
