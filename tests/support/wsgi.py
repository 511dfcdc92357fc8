"""Let ``requests`` call an application in this process. Cookies behave as over the wire, including https."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from email.message import Message
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import requests
import urllib3


class WsgiAdapter(requests.adapters.BaseAdapter):
    """Answer requests by calling ``app``, as if they came from ``address``."""

    def __init__(self, app: Callable[..., Iterable[bytes]], address: str = "127.0.0.1") -> None:
        super().__init__()
        self.app = app
        self.address = address
        self._adapter = requests.adapters.HTTPAdapter()

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
            started[:] = [int(status[:3]), headers]

        chunks = self.app(self._environ(request), start_response)
        try:
            body = b"".join(chunks)
        finally:
            getattr(chunks, "close", lambda: None)()
        return self._response(request, *started, body)

    def close(self) -> None:
        self._adapter.close()

    def _environ(self, request: requests.PreparedRequest) -> dict[str, Any]:
        parts = urlsplit(request.url)
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        headers = {"Host": parts.netloc, **request.headers}
        environ = {
            f"HTTP_{name.upper().replace('-', '_')}": _native(value) for name, value in headers.items()
        }
        return environ | {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(parts.path).decode("latin-1"),
            "QUERY_STRING": parts.query.encode().decode("latin-1"),
            "SERVER_NAME": parts.hostname,
            "SERVER_PORT": str(parts.port or {"http": 80, "https": 443}[parts.scheme]),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": self.address,
            "CONTENT_TYPE": headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": parts.scheme,
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }

    def _response(
        self, request: requests.PreparedRequest, status: int, headers: list[tuple[str, str]], body: bytes
    ) -> requests.Response:
        message = Message()
        for name, value in headers:
            message[name] = value
        raw = urllib3.HTTPResponse(
            body=io.BytesIO(body),
            headers=urllib3.HTTPHeaderDict(headers),
            status=status,
            preload_content=False,
            request_method=request.method,
            # The standard library's cookie jar reads Set-Cookie from here.
            original_response=SimpleNamespace(msg=message, isclosed=lambda: True, close=lambda: None),
        )
        return self._adapter.build_response(request, raw)


def _native(value: str | bytes) -> str:
    """Return a header in WSGI's form: bytes decoded as Latin-1 (PEP 3333)."""
    return value.decode("latin-1") if isinstance(value, bytes) else value
