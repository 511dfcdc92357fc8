"""What may be registered as a redirect URI, and how pages name it in their policy."""

import re
from urllib.parse import urlsplit

# What Content-Security-Policy can hold (W3C CSP level 3, section 2.3.1), and no longer than a header should be.
ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?", re.ASCII)
SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,99}", re.ASCII)

MAX_LENGTH = 2048


def find_problem(text: str) -> str | None:
    """Return what keeps a text from being registered, or None.

    It takes an absolute URI without a fragment (RFC 6749 section 3.1.2); custom schemes are in use.
    """
    if not text:
        return "is empty"
    if len(text) > MAX_LENGTH:
        return f"is longer than {MAX_LENGTH:,} characters"
    if not all("!" <= character <= "~" for character in text):
        return "holds a blank, a control character or a character beyond ASCII"
    if "#" in text:
        return "has a fragment (# and what follows)"
    try:
        scheme = urlsplit(text).scheme
    except ValueError:
        return "is no URI"
    return None if scheme else "is not absolute: a scheme such as https:// is missing at its start"


def origin_of(uri: str) -> str | None:
    """Return the origin of a web address, None for a custom scheme such as mobile apps register."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else None


def form_target(redirect_uri: str) -> str:
    """Return what ``form-action`` calls a redirect URI: its origin, or its scheme where no origin can be written."""
    origin, scheme = origin_of(redirect_uri), urlsplit(redirect_uri).scheme
    if origin and ORIGIN.fullmatch(origin):
        return origin
    return scheme + ":" if SCHEME.fullmatch(scheme) else "'self'"
