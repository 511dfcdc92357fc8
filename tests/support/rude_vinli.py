"""An upstream that sends each driver their own data, with many kinds of wrong framing and timing."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Callable

from tests.support.fake_vinli import DEVICES, TOKEN, USER, device, device_page, fleet
from tests.support.misbehaviour import Misbehaviour
from tests.support.servers import Received, Server, http, json_reply

# A function that sends a response to a socket and returns whether the connection stays open.
Manner = Callable[[socket.socket, bytes], bool]

AYYEKA_TOKEN = "/auth/token"
SITES = "/v2.0/sites"
EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
PAUSE = 0.02


def politely(sock: socket.socket, answer: bytes) -> bool:
    sock.sendall(answer)
    return True


def in_pieces(*before: bytes, after: tuple[bytes, ...] = (), pause: float = PAUSE) -> Manner:
    """Send these pieces before and after the response, with a pause between any two."""

    def manner(sock: socket.socket, answer: bytes) -> bool:
        for number, piece in enumerate([*before, answer, *after]):
            time.sleep(pause if number else 0)
            sock.sendall(piece or answer)
        return True

    return manner


def together(*after: bytes) -> Manner:
    """Send more bytes directly after the response. An empty piece stands for the response itself."""

    def manner(sock: socket.socket, answer: bytes) -> bool:
        sock.sendall(answer + b"".join(piece or answer for piece in after))
        return True

    return manner


def byte_by_byte(sock: socket.socket, answer: bytes) -> bool:
    """Send the response in pieces of one byte. The end of a long response comes in one piece."""
    for position in range(len(answer[:500])):
        sock.sendall(answer[position : position + 1])
    sock.sendall(answer[500:])
    return True


def cut_off(sock: socket.socket, answer: bytes) -> bool:
    sock.sendall(answer[:-5])
    return False


def half_and_half(sock: socket.socket, answer: bytes) -> bool:
    """Send the response and the beginning of the same response again. Its end comes a moment later."""
    sock.sendall(answer + answer[:40])
    time.sleep(PAUSE)
    sock.sendall(answer[40:])
    return True


def too_late(sock: socket.socket, answer: bytes) -> bool:
    time.sleep(0.5)
    sock.sendall(answer)
    return True


def without_end(sock: socket.socket, answer: bytes) -> bool:
    """Announce more bytes than are sent, and keep the connection open."""
    head, _, body = answer.partition(b"\r\n\r\n")
    length = f"Content-Length: {len(body)}".encode()
    sock.sendall(head.replace(length, length + b"0") + b"\r\n\r\n" + body)
    return True


def behind_no_content(sock: socket.socket, answer: bytes) -> bool:
    sock.sendall(http(204, content_type=None, length=False))
    time.sleep(PAUSE)
    sock.sendall(answer)
    return True


def in_contradiction(sock: socket.socket, answer: bytes) -> bool:
    sock.sendall(answer.replace(b"Content-Length: ", b"Content-Length: 2\r\nContent-Length: ", 1))
    return True


def as_chunks_and_more(sock: socket.socket, answer: bytes) -> bool:
    _, _, body = answer.partition(b"\r\n\r\n")
    chunked = http(
        200, b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body), length=False, Transfer_Encoding="chunked"
    )
    sock.sendall(chunked + answer)
    return True


def switching(sock: socket.socket, answer: bytes) -> bool:
    sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n")
    time.sleep(PAUSE)
    sock.sendall(answer)
    return True


# With these a driver gets the response, although it comes slowly or after other bytes.
PATIENTLY: dict[str, Manner] = {
    "102": in_pieces(PROCESSING),
    "103 with Link": in_pieces(EARLY_HINTS),
    "three 103": in_pieces(EARLY_HINTS * 3),
    "100, then 103": in_pieces(CONTINUE, EARLY_HINTS),
    "in pieces of one byte": byte_by_byte,
}
# With these a driver may get an error, but never another driver's response.
RUDELY: dict[str, Manner] = {
    "101": switching,
    "twice at once": together(b""),
    "the next answer early": in_pieces(after=(b"",)),
    "too much, in two parts": half_and_half,
    "more, and it makes no sense": together(b"\0\0\0"),
    "too little, and gone": cut_off,
    "too little, and still there": without_end,
    "too late": too_late,
    "behind 204": behind_no_content,
    "with two lengths": in_contradiction,
    "as chunks, and once more": as_chunks_and_more,
    "103 and nothing, then twice": in_pieces(EARLY_HINTS, after=(b"",), pause=0.0),
}


class RudeVinli:
    """Answer each driver with their own data. The codes and tokens of a driver begin with the driver's name.

    Requests on a path in ``rude_at`` are answered in the given manner, others correctly. With ``misbehaviour`` the
    contents are odd too. An Ayyeka site is named only
    by its number.
    """

    def __init__(self, tls: object = None) -> None:
        self.manner: Manner = politely
        self.rude_at: Callable[[Received], bool] = lambda _: True
        self.misbehaviour: Misbehaviour | None = None
        self._numbers = iter(range(10**9))
        self._lock = threading.Lock()
        self._server = Server(self._respond, tls)
        self.origin = self._server.origin

    def close(self) -> None:
        self._server.close()

    def _respond(self, request: Received) -> Callable[[socket.socket], bool]:
        manner = self.manner if self.rude_at(request) else politely
        answer = self._answer(request)
        return lambda sock: manner(sock, answer)

    def _answer(self, request: Received) -> bytes:
        if request.path == TOKEN:
            with self._lock:
                number = next(self._numbers)
            given = request.form.get("code") or request.form["refresh_token"]
            name = given.partition("-")[0]
            if self.misbehaviour is not None:
                return self.misbehaviour.token_answer(name, number)
            return json_reply({"access_token": f"{name}-{number}", "token_type": "Bearer"})
        if request.path == AYYEKA_TOKEN:
            return json_reply({"access_token": "ayyekas", "token_type": "Bearer"})
        if request.path.startswith(SITES):
            return json_reply({"displayName": f"site number {request.path.rpartition('/')[2]}"})
        name = self._asker(request)
        usual = self._answer_to(name, request)
        if self.misbehaviour is None or name not in DRIVERS:
            return usual
        return self.misbehaviour.answer(name, request, usual)

    def _asker(self, request: Received) -> str:
        kind, _, value = request.headers.get("authorization", "").partition(" ")
        if kind == "Basic":
            return base64.b64decode(value).decode().partition(":")[0]
        return value.partition("-")[0]

    def _answer_to(self, name: str, request: Received) -> bytes:
        if request.path == USER:
            return json_reply(
                {"user": {"id": name, "email": f"{name}@example.com", "firstName": name, "lastName": None}}
            )
        if request.path == DEVICES:
            if name not in DRIVERS:
                return fleet(FLEET)(request)
            return device_page([device(number, name=f"the car of {name}") for number in (1, 2)])
        if request.path.endswith("/vehicles/_latest"):
            vehicle = {"id": "7f0e8d1c-0000-4000-8000-0000000000aa", "make": f"built for {name}"}
            return json_reply({"vehicle": vehicle})
        return http(404)


DRIVERS = ("lovelace", "babbage")
FLEET = 450
