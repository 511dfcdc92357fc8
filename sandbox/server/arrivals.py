"""When bytes came in, as the kernel saw it.

Where many requests come at once, a thread gets to see its own only after others have run. Counted from there, a latency
would be longer for those at the back of the queue than was asked for.
"""

import io
import socket
import struct
import time
from typing import Any

# Linux stamps what a socket receives when asked (socket(7)); other systems do not know this, or not for TCP.
SO_TIMESTAMPNS = 35
TIMESPEC = struct.Struct("@ll")
NANO = 1_000_000_000


class Arrivals(io.RawIOBase):
    """Reads a socket and keeps the time at which the bytes last read had arrived."""

    def __init__(self, sock: socket.socket, is_plain: bool) -> None:
        self._sock = sock
        self._stamp: float | None = None
        # What arrived on an encrypted connection is not what is read from it.
        self._is_stamped = is_plain and _ask_for_stamps(sock)

    def latest(self) -> float:
        """Return when the bytes last read arrived, in monotonic seconds; now, where nobody knows."""
        now = time.monotonic()
        stamp, self._stamp = self._stamp, None
        return now if stamp is None else min(now, now - (time.time() - stamp))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        self._stamp = None
        if not self._is_stamped:
            return self._sock.recv_into(buffer)
        count, about, _, _ = self._sock.recvmsg_into([buffer], socket.CMSG_SPACE(TIMESPEC.size))
        for level, kind, data in about:
            if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
                seconds, nanoseconds = TIMESPEC.unpack(data)
                self._stamp = seconds + nanoseconds / NANO
        return count


def _ask_for_stamps(sock: socket.socket) -> bool:
    """Say whether the kernel will tell when bytes arrived."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    except OSError:
        return False
    return hasattr(sock, "recvmsg_into")
