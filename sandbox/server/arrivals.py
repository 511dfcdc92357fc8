"""When bytes arrived, as the kernel saw it.

With many requests at once, a thread reads its own only after other threads have run. A latency counted from that
moment would be longer than asked for.
"""

import socket
import struct
import time

# Linux stamps what a socket receives when asked (socket(7)). Other systems do not, or not for TCP.
SO_TIMESTAMPNS = 35
TIMESPEC = struct.Struct("@ll")
NANO = 1_000_000_000


class Arrivals:
    """Reads a socket and keeps the time at which the bytes last read had arrived."""

    def __init__(self, sock: socket.socket, is_plain: bool) -> None:
        """Read from ``sock``; ``is_plain`` is False for TLS, where the bytes read are not the bytes that arrived."""
        self._sock = sock
        self._stamp: float | None = None
        self._is_stamped = is_plain and _ask_for_stamps(sock)

    def receive(self, size: int) -> bytes:
        """Return up to ``size`` bytes, b"" at the end of the connection; raises OSError as the socket does."""
        self._stamp = None
        if not self._is_stamped:
            return self._sock.recv(size)
        data, about, _, _ = self._sock.recvmsg(size, socket.CMSG_SPACE(TIMESPEC.size))
        for level, kind, value in about:
            if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
                seconds, nanoseconds = TIMESPEC.unpack(value)
                self._stamp = seconds + nanoseconds / NANO
        return data

    def latest(self) -> float:
        """Return when the bytes last read arrived, in monotonic seconds; now where that is not known.

        The time is given once: bytes that were read together with an earlier request count as arriving now.
        """
        now = time.monotonic()
        stamp, self._stamp = self._stamp, None
        return now if stamp is None else min(now, now - (time.time() - stamp))


def _ask_for_stamps(sock: socket.socket) -> bool:
    """Tell whether the kernel will say when bytes arrived."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    except OSError:
        return False
    return hasattr(sock, "recvmsg")
