"""Posting a notification to a subscriber, who has to be on this machine unless named at the start.

The subscribers of a sandbox are programs under development. Any other address would make the sandbox call strangers
whose addresses stand in copied examples.
"""

import http.client
import socket
import ssl
import time
from contextlib import closing
from urllib.parse import SplitResult, unquote, urlsplit

from sandbox.api.origins import is_loopback, is_this_machine

TIMEOUT_SECONDS = 5.0
MOST_BYTES_OF_RESPONSE = 10_000
LONGEST_URL = 2_000
CONTROL = "/_sandbox"


class NotSent(Exception):
    """No response came. The message says why; ``is_final`` tells that another attempt would be the same."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.is_final = is_final


def find_problem(url: str) -> str | None:
    """Return what is wrong with the address of a subscriber, or None."""
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or len(url) > LONGEST_URL or not all("!" <= character <= "~" for character in url):
        return "must be an http or https URL"
    return None


def post(url: str, payload: str, hosts: tuple[str, ...]) -> tuple[int, str]:
    """Post a JSON text; return the status and the beginning of the response. Raises NotSent.

    ``hosts`` are those besides this machine that may be called. Redirects are not followed.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not is_this_machine(host) and host not in hosts:
        reason = f"The sandbox posts to this machine alone, and to hosts named with --notify; not to {host}"
        raise NotSent(reason, is_final=True)
    if unquote(parts.path).startswith(CONTROL):
        raise NotSent("The sandbox does not post to its own control interface", is_final=True)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    try:
        with closing(_connect(parts, host)) as connection:
            target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
            headers = {"Content-Type": "application/json", "User-Agent": "vinli-sandbox"}
            connection.request("POST", target, payload.encode(), headers)
            response = connection.getresponse()
            return response.status, _beginning(response, deadline)
    except (OSError, http.client.HTTPException) as error:
        raise NotSent(f"No response: {error or type(error).__name__}") from None


def _connect(parts: SplitResult, host: str) -> http.client.HTTPConnection:
    """Return an open connection. A name of this machine is not looked up, so it leads nowhere else."""
    is_secure = parts.scheme == "https"
    port = parts.port or (443 if is_secure else 80)
    raw = _open_socket(host, port)
    connection = http.client.HTTPConnection(host, port)
    connection.sock = raw
    if is_secure:
        try:
            connection.sock = ssl.create_default_context().wrap_socket(raw, server_hostname=host)
        except OSError:
            raw.close()
            raise
    return connection


def _open_socket(host: str, port: int) -> socket.socket:
    if (is_loopback(host) and host != "localhost") or not is_this_machine(host):
        return socket.create_connection((host, port), TIMEOUT_SECONDS)
    try:
        return socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS)
    except ConnectionRefusedError:
        return socket.create_connection(("::1", port), TIMEOUT_SECONDS)


def _beginning(response: http.client.HTTPResponse, deadline: float) -> str:
    body = b""
    while len(body) < MOST_BYTES_OF_RESPONSE and time.monotonic() < deadline:
        piece = response.read1(MOST_BYTES_OF_RESPONSE - len(body))
        if not piece:
            break
        body += piece
    return body.decode(errors="replace")
