"""The pages for requests that do not reach the application. They need no template, store or cookie."""

from __future__ import annotations

import re
from http import HTTPStatus

from blueprints.web.headers import FIXED_HEADERS

COOKIES_PATH = "/cookies"
MOST_COOKIES = 100
_COOKIE_LINE = re.compile(rb"(?im)^cookie:[ \t]*([^\r\n]*)")
_HEADER_LINE = re.compile(rb"(?m)^[^\r\n]*")
_COOKIE_NAME = re.compile(rb"(?:\A|;)[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100})=")
_DELETION = re.compile(rb"\APOST /cookies(?:\?[^ ]*)? HTTP/")

_FRAME = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<h1>{title}</h1>
{text}
</html>
"""
UNREADABLE = _FRAME.format(
    title="This request could not be answered",
    text="""<p>What arrived is not a request that this site can read. Nothing was changed.</p>
<p><a href="/">Go to the start page</a></p>""",
)
TOO_MANY_COOKIES = _FRAME.format(
    title="Your browser sends too many cookies",
    text=f"""<p>Your browser keeps more cookies for this address than this site can read, so no page of it can be shown.
Other programs on the same address may have set them.</p>
<form method="post" action="{COOKIES_PATH}"><button>Delete this site’s cookies</button></form>
<p>This signs you out here. Nothing at Vinli is changed.</p>""",
)
COOKIES_DELETED = _FRAME.format(
    title="The cookies were deleted",
    text="""<p>If the start page still does not open, delete the cookies of this address in your browser’s settings.</p>
<p><a href="/">Go to the start page</a></p>""",
)


def answer(status: HTTPStatus, head: bytes | None = None) -> bytes:
    """Return the response to a request that was not read.

    ``head`` is the beginning of a request whose headers are too long, else None. If its cookies are the reason, the
    page offers to delete them, and does it.
    """
    if head is None or not has_long_cookies(head):
        return _response(status, UNREADABLE)
    if _DELETION.match(head):
        return _response(HTTPStatus.OK, COOKIES_DELETED, deletion_headers(head))
    return _response(status, TOO_MANY_COOKIES, form_action="; form-action 'self'")


def has_long_cookies(head: bytes) -> bool:
    """Tell if the Cookie header is the longest line of a head."""
    cookies = _COOKIE_LINE.search(head)
    return cookies is not None and cookies.end() - cookies.start() >= max(
        map(len, _HEADER_LINE.findall(head))
    )


def deletion_headers(head: bytes) -> list[tuple[str, str]]:
    """Return the headers that delete the cookies of a head. Browsers that know Clear-Site-Data delete them all."""
    cookies = _COOKIE_LINE.search(head)
    names = _COOKIE_NAME.findall(cookies[1] if cookies else b"")[:MOST_COOKIES]
    return [
        ("Clear-Site-Data", '"cookies"'),
        *(("Set-Cookie", expired(name.decode("ascii"))) for name in dict.fromkeys(names)),
    ]


def expired(name: str) -> str:
    """Return a Set-Cookie header that deletes a cookie. With these prefixes, browsers accept only a Secure one."""
    secure = "; Secure" if name.startswith(("__Host-", "__Secure-")) else ""
    return f"{name}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax{secure}"


def _response(
    status: HTTPStatus, page: str, more: list[tuple[str, str]] | None = None, *, form_action: str = ""
) -> bytes:
    body = page.encode()
    headers = [
        ("Connection", "close"),
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(body))),
        *FIXED_HEADERS.items(),
        ("Content-Security-Policy", f"default-src 'none'{form_action}"),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-store"),
        *(more or []),
    ]
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {status.value} {status.phrase}\r\n{lines}\r\n".encode("latin-1") + body
