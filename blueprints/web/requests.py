"""Checks of the request itself that views share."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from flask import request
from werkzeug.exceptions import MethodNotAllowed

from domain.problems import Problem, ProblemError

MAX_NEXT_LENGTH = 512
# RFC 3986, section 3.3.
_SAFE_IN_PATHS = "/:@!$&'()*+,;=~"

PREFETCH = Problem(
    "prefetch",
    503,
    "Not opened ahead of time",
    "The browser asked for this page before you did. It is opened when you follow the link.",
    retry_after=0,
)


# Headers by which browsers and their extensions announce a request that nobody has made yet. Only the first is a
# standard (Fetch, Sec-Purpose).
PURPOSE_HEADERS = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
SPECULATIVE = ("prefetch", "prerender", "preview", "instant")


def refuse_prefetch() -> None:
    """Refuse speculative requests, so that they use no code or link up."""
    purpose = " ".join(request.headers.get(name, "") for name in PURPOSE_HEADERS).lower()
    if any(word in purpose for word in SPECULATIVE):
        raise ProblemError(PREFETCH, "prefetch")


def refuse_other_methods(*allowed: str) -> None:
    """Answer 405 to methods that Flask allows together with GET, such as HEAD, which link checkers send."""
    if request.method not in allowed:
        raise MethodNotAllowed(valid_methods=allowed)


def came_from_another_site() -> bool:
    """Tell if a page of another site sent the browser here; False if the browser does not report it."""
    return request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}


def path_as_asked() -> str:
    """Return path and query as the browser asked for them: percent-encoded, so that they fit into a header.

    ``request.full_path`` is decoded. It may hold line breaks, and it means another address if it holds ``?`` or bytes
    that are not UTF-8.
    """
    path = quote(request.environ.get("PATH_INFO", "/").encode("latin-1"), safe=_SAFE_IN_PATHS)
    query = quote(request.query_string, safe=f"{_SAFE_IN_PATHS}?%")
    return f"{path}?{query}" if query else path


def local_path(text: str | None, default: str) -> str:
    """Return ``text`` if it is a path of this site, else ``default``. All ``next`` values must pass this function.

    Browsers drop tabs and line breaks and read a backslash as a slash (WHATWG URL). Therefore all of these are
    refused, and also anything that could name another host.
    """
    if not text or len(text) > MAX_NEXT_LENGTH or not text.startswith("/") or text.startswith("//"):
        return default
    if "\\" in text or any(ord(character) <= 0x20 or ord(character) == 0x7F for character in text):
        return default
    try:
        parts = urlsplit(text)
    except ValueError:
        return default
    is_loop = parts.path == "/connect" or parts.path.startswith("/connect/")
    return default if parts.scheme or parts.netloc or is_loop else text
