"""Which texts may be registered as redirect URI, and how a page's security policy names them."""

import re
from urllib.parse import urlsplit

# What a Content-Security-Policy may contain (W3C CSP level 3, section 2.3.1), with a length that suits a header.
ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?", re.ASCII)
SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,99}", re.ASCII)

MAX_LENGTH = 2048


def find_problem(text: str) -> str | None:
    """Return why a text cannot be registered, or None when it can.

    A redirect URI is an absolute URI without a fragment (RFC 6749 section 3.1.2). Mobile apps use custom schemes.
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
    """Return the origin of an http or https address, None for a custom scheme."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else None


def form_target(redirect_uri: str) -> str:
    """Return a redirect URI as ``form-action`` names it: its origin, or its scheme if the origin cannot be written."""
    origin, scheme = origin_of(redirect_uri), urlsplit(redirect_uri).scheme
    if origin and ORIGIN.fullmatch(origin):
        return origin
    return scheme + ":" if SCHEME.fullmatch(scheme) else "'self'"
