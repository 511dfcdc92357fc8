"""Find what is unread in a connection between two requests: nothing, its end, or bytes that nobody asked for."""

from __future__ import annotations

import socket
import ssl
from enum import Enum
from typing import Any

from urllib3.util.wait import wait_for_read

# A server that stops waiting for the next request may send 408 before it closes (RFC 9110, section 15.5.9).
_IDLE_TIMEOUTS = (b"HTTP/1.1 408", b"HTTP/1.0 408")
_PEEK = 64 * 1024
_RECORD_HEADER = 5


class Leftover(Enum):
    """What is unread in a connection."""

    NOTHING = "nothing"
    PART = "part of a TLS record"
    END = "end"
    DATA = "data"


def leftover(sock: Any) -> Leftover:
    """Return what is unread in a connection. The caller must close it unless the result is NOTHING.

    Messages of TLS itself (session tickets, new keys) are read and count as NOTHING. PART is an incomplete TLS record,
    whose kind is unknown until the rest has come.
    """
    if not _has_decrypted(sock):
        if not wait_for_read(sock, timeout=0.0):
            return Leftover.NOTHING
        if isinstance(sock, ssl.SSLSocket) and not _holds_whole_records(sock):
            return Leftover.PART
    timeout = sock.gettimeout()
    sock.settimeout(0.0)
    try:
        data = sock.recv(len(_IDLE_TIMEOUTS[0]))
    except (ssl.SSLWantReadError, BlockingIOError):
        return Leftover.NOTHING
    except OSError:
        return Leftover.END
    finally:
        sock.settimeout(timeout)
    # Some servers send a line break after a response. It is not another response.
    return Leftover.END if not data.strip() or data in _IDLE_TIMEOUTS else Leftover.DATA


def _has_decrypted(sock: Any) -> bool:
    """Say whether TLS holds bytes that the socket below does not show.

    urllib3 runs TLS within TLS, to a proxy, over an object with buffers of its own.
    """
    tls = getattr(sock, "sslobj", sock)
    incoming = getattr(sock, "incoming", None)
    has_undecrypted = isinstance(incoming, ssl.MemoryBIO) and incoming.pending > 0
    return has_undecrypted or (isinstance(tls, (ssl.SSLSocket, ssl.SSLObject)) and tls.pending() > 0)


def _holds_whole_records(sock: ssl.SSLSocket) -> bool:
    """Say whether the bytes that have arrived end at the end of a TLS record (RFC 8446, section 5.1)."""
    try:
        arrived = socket.socket.recv(sock, _PEEK, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return True
    except OSError:
        return True  # the following read reports the error
    position = 0
    while position + _RECORD_HEADER <= len(arrived):
        position += _RECORD_HEADER + int.from_bytes(arrived[position + 3 : position + 5], "big")
    return position == len(arrived)
