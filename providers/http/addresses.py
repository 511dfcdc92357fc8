"""Connect to a host by any of its addresses (RFC 8305, "Happy Eyeballs").

A name may have addresses that lead nowhere, most often IPv6 ones. If the first has not answered after a quarter of a
second, the next is tried beside it. The address that answered is tried first the next time.
"""

from __future__ import annotations

import errno
import os
import queue
import selectors
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from typing import Any, NamedTuple

# RFC 8305, section 8: Connection Attempt Delay.
ATTEMPT_DELAY = 0.25
_MOST_REMEMBERED = 100
_UNDER_WAY = {0, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY}


class Address(NamedTuple):
    """An address to connect to, as getaddrinfo returns it."""

    family: int
    kind: int
    protocol: int
    place: Any


class Addresses:
    """Connects to hosts and remembers for each which address answered. Safe to share between threads."""

    def __init__(self) -> None:
        self._winners: dict[tuple[str, int], Address] = {}

    def connect(
        self, host: str, port: int, seconds: Callable[[], float], options: Iterable[Any] = ()
    ) -> socket.socket:
        """Return a connected socket that blocks for at most the seconds that are left then.

        `seconds` returns the time left, or raises TimeoutError. `options` are for setsockopt. Raises the resolver's
        OSError, TimeoutError, or the OSError of the last address that failed.
        """
        found = in_turns(resolve(host, port, seconds()))
        winner = self._winners.get((host, port))
        if winner in found:
            found = [winner, *(address for address in found if address != winner)]
        with Race(options) as race:
            connection, address = race.run(found, seconds)
        if len(self._winners) >= _MOST_REMEMBERED:
            self._winners.clear()
        self._winners[host, port] = address
        connection.settimeout(seconds())
        return connection


def in_turns(addresses: Sequence[Address]) -> list[Address]:
    """Return the addresses with both families in turns, in the resolver's order otherwise (RFC 8305, section 4)."""
    first = [address for address in addresses if address.family == addresses[0].family]
    other = [address for address in addresses if address.family != addresses[0].family]
    turns: list[Address] = []
    for place in range(max(len(first), len(other))):
        turns += first[place : place + 1] + other[place : place + 1]
    return turns


class Race:
    """Attempts to connect that run at the same time. A context manager that closes all but the winner."""

    def __init__(self, options: Iterable[Any]) -> None:
        self._options = tuple(options)
        self._failure = OSError("the name has no address")
        self._open = ExitStack()

    def __enter__(self) -> Race:
        self._selector = self._open.enter_context(selectors.DefaultSelector())
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._open.close()

    def run(
        self, addresses: Sequence[Address], seconds: Callable[[], float]
    ) -> tuple[socket.socket, Address]:
        """Return the first connection that is made, and its address. Raises TimeoutError or the last OSError."""
        waiting = list(addresses)
        while waiting or self._selector.get_map():
            if waiting:
                self._start(waiting.pop(0))
            if not self._selector.get_map():
                continue
            left = seconds()
            ready = self._selector.select(min(left, ATTEMPT_DELAY) if waiting else left)
            for key, _ in ready:
                if (won := self._finished(key.fileobj, key.data)) is not None:
                    return won
            if not ready and not waiting:
                raise TimeoutError("no address answered")
        raise self._failure

    def _start(self, address: Address) -> None:
        try:
            attempt = socket.socket(address.family, address.kind, address.protocol)
        except OSError as error:  # a family that this machine does not have
            self._failure = error
            return
        self._open.callback(self._close, attempt)
        try:
            for option in self._options:
                attempt.setsockopt(*option)
            attempt.setblocking(False)
            self._check(attempt.connect_ex(address.place))
        except OSError as error:
            self._failure = error
            return
        self._selector.register(attempt, selectors.EVENT_WRITE, address)

    def _finished(self, attempt: Any, address: Address) -> tuple[socket.socket, Address] | None:
        self._selector.unregister(attempt)
        try:
            self._check(attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
        except OSError as error:
            self._failure = error
            return None
        # The winner gets a new object, because all others are closed at the end.
        return socket.socket(fileno=attempt.detach()), address

    @staticmethod
    def _check(code: int) -> None:
        if code not in _UNDER_WAY:
            raise OSError(code, os.strerror(code))

    @staticmethod
    def _close(attempt: socket.socket) -> None:
        with suppress(OSError):
            attempt.close()


def resolve(host: str, port: int, seconds: float) -> list[Address]:
    """Return a host's addresses. Raises TimeoutError after `seconds`, and the resolver's OSError.

    getaddrinfo has no timeout, so it runs in a thread, which is abandoned after `seconds`.
    """
    outcome: queue.SimpleQueue[list[Address] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            outcome.put(
                [Address(family, kind, protocol, place) for family, kind, protocol, _, place in found]
            )
        except OSError as error:
            outcome.put(error)
        except UnicodeError:
            outcome.put(socket.gaierror(socket.EAI_NONAME, "not a host name"))

    threading.Thread(target=look_up, name="resolver", daemon=True).start()
    try:
        addresses = outcome.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError("the resolver did not answer") from None
    if isinstance(addresses, OSError):
        raise addresses
    return addresses
