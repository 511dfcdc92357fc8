"""Converters turn the text of a variable into its value. They raise ValueError with a message for a person."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import idna

from settings.loopback import is_loopback

# These are published in Vinli's documentation (docs general/authentication), so they are not secret.
SAMPLE_APP_ID = "c87d5be0-2e69-11e4-8c21-0800200c9a66"
SAMPLE_APP_SECRET = "HKLFFoSILb8VHFJD"  # noqa: S105

PLACEHOLDER = re.compile(r"change.?me|replace.?me|your.?secret|^(secret|password|dev|test|example)+$", re.I)
MAKE_A_KEY = "make one with: python -c 'import secrets; print(secrets.token_hex(32))'"
HOST_NAME = re.compile(
    r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
ENDS_IN_NUMBER = re.compile(r"(?:\A|\.)(?:[0-9]+|0x[0-9a-f]*)\Z")
RATE_LIMIT = re.compile(r"[1-9]\d*\s*(?:/|\s+per\s+)\s*(?:[1-9]\d*\s*)?(?:second|minute|hour|day)s?", re.I)


def plain_text(text: str) -> str:
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in text):
        raise ValueError("contains a control character or line break")
    if re.search("[\ud800-\udfff]", text):  # Python's replacement for bytes that are not UTF-8
        raise ValueError("is not UTF-8 text")
    return text


def header_value(text: str) -> str:
    if not re.fullmatch(r"[\x21-\x7e]+", text):
        raise ValueError("contains a blank or a character that a header cannot carry")
    return text


def key(text: str) -> str:
    if len(text.encode()) < 32:
        raise ValueError(f"is shorter than 32 bytes; {MAKE_A_KEY}")
    if PLACEHOLDER.search(text):
        raise ValueError(f"is a placeholder; {MAKE_A_KEY}")
    return plain_text(text)


def keys(text: str) -> tuple[str, ...]:
    return tuple(key(part.strip()) for part in text.split(",") if part.strip())


def password(text: str) -> str:
    if len(text) < 8:
        raise ValueError("is shorter than 8 characters")
    return plain_text(text)


def basic_user(text: str) -> str:
    if ":" in text:
        raise ValueError(
            "contains a colon, which HTTP Basic cannot carry in a user name (RFC 7617 section 2)"
        )
    return plain_text(text)


def app_id(text: str) -> str:
    if text == SAMPLE_APP_ID:
        raise ValueError("is the sample App ID from Vinli's documentation; use your app's own")
    return basic_user(text)


def app_secret(text: str) -> str:
    if text == SAMPLE_APP_SECRET:
        raise ValueError("is the sample App Secret from Vinli's documentation; use your app's own")
    return plain_text(text)


def _split(text: str) -> SplitResult:
    parts = urlsplit(plain_text(text))
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is not an absolute http(s) URL")
    if parts.port == 0:  # reading the port raises ValueError if it is out of range
        raise ValueError("has port 0")
    if parts.username is not None or parts.password is not None:
        raise ValueError("contains a user name or password")
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        raise ValueError("has a query or a fragment")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("is plain http; https is required for every address but loopback ones")
    host_name(parts.hostname)
    return parts


def host_name(text: str) -> str:
    """Return a host as browsers write it: in ASCII and lower case, an IPv6 address short and in brackets.

    Raises ValueError for hosts that browsers write in another way or refuse, because no request would ever match them.
    """
    if ":" in text:
        return f"[{_ip_address(text, 6)}]"
    host = text.lower()
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError:
            raise ValueError("has a host name that is not valid (IDNA 2008)") from None
    if host.endswith("."):
        raise ValueError("has a host name that ends with a dot; leave the dot out")
    if not HOST_NAME.fullmatch(host) or len(host) > 253:
        raise ValueError("has a host name that is not valid")
    # Browsers read a host whose last part is a number as an IPv4 address (WHATWG URL, host parsing).
    return _ip_address(host, 4) if ENDS_IN_NUMBER.search(host) else host


def _ip_address(text: str, version: int) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise ValueError(f"has a host that is not a valid IPv{version} address") from None
    if "%" in text:
        raise ValueError("has an IPv6 address with a zone, which browsers do not accept")
    return str(address)


def origin(text: str) -> str:
    """Normalize to ``scheme://host[:port]`` as browsers serialize an origin (RFC 6454 section 6.2)."""
    parts = _split(text)
    if parts.path not in {"", "/"}:
        raise ValueError("has a path; an origin is wanted, like https://cars.example.com")
    host = host_name(parts.hostname or "")
    default_port = {"http": 80, "https": 443}[parts.scheme]
    port = f":{parts.port}" if parts.port not in {None, default_port} else ""
    return f"{parts.scheme}://{host}{port}"


def url(text: str) -> str:
    """Accept an address that may have a path, and return it unchanged."""
    parts = _split(text)
    if not re.fullmatch(r"[\x21-\x7e]+", text) or "\\" in text or {".", ".."} & set(parts.path.split("/")):
        raise ValueError("has a path that does not stand for itself (blanks, backslashes, dots)")
    return text


def base_url(text: str) -> str:
    return url(text).rstrip("/")


def can_be_public_url(text: str) -> bool:
    """Tell if exactly this text could be PUBLIC_URL."""
    try:
        return text.isascii() and origin(text) == text
    except ValueError:
        return False


def origins(text: str) -> tuple[str, ...]:
    names = [part.strip() for part in text.split(",") if part.strip()]
    if "*" in names or "null" in names:
        raise ValueError("must list exact origins; '*' and 'null' are not accepted")
    return tuple(origin(name) for name in names)


def host_suffix(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]+(?::\d{1,5})?", text) or text[0] not in ".-":
        raise ValueError("is not a host suffix like .vin.li or .localhost:9443")
    return text


def store_url(text: str) -> str:
    path = text.removeprefix("sqlite:///")
    is_file = path not in {text, "", ":memory:"} and "?" not in path
    if not is_file and not text.startswith(("redis://", "rediss://", "unix://", "redis+sentinel://")):
        raise ValueError("is neither sqlite:///path/to/file nor redis://host:port/db (rediss:// for TLS)")
    return text


def hsts(text: str) -> str:
    if not re.fullmatch(r"off|\d{1,9}(?:,subdomains)?", text):
        raise ValueError("is neither off nor a number of seconds like 31536000 or 31536000,subdomains")
    return text


def proxy_url(text: str) -> str:
    parts = urlsplit(plain_text(text))
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is not a proxy URL like http://proxy.example.com:3128")
    return text


def existing_file(text: str) -> str:
    if not Path(text).is_file():
        raise ValueError("names a file that is not there")
    return text


def rate(text: str) -> str:
    if not all(RATE_LIMIT.fullmatch(part.strip()) for part in text.split(";")):
        raise ValueError("is not a rate like 60/minute")
    return text


def switch(text: str) -> bool:
    known = {
        "on": True,
        "true": True,
        "1": True,
        "yes": True,
        "off": False,
        "false": False,
        "0": False,
        "no": False,
    }
    if text.lower() not in known:
        raise ValueError("is neither on nor off")
    return known[text.lower()]


def whole_number(low: int, high: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if not re.fullmatch(r"\d{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"is not a whole number from {low} to {high}")
        return int(text)

    return convert


def one_of(*words: str) -> Callable[[str], str]:
    def convert(text: str) -> str:
        if text not in words:
            raise ValueError(f"is not {' or '.join(words)}")
        return text

    return convert
