"""Find out why no connection came about or why it broke, from the errors of requests, urllib3, ssl and the system."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator

import requests
import urllib3

from providers.errors import Cause

# OpenSSL's codes of failed verifications (x509_vfy.h).
_CERTIFICATES = {
    9: Cause.CERTIFICATE_NOT_YET_VALID,
    10: Cause.CERTIFICATE_EXPIRED,
    62: Cause.CERTIFICATE_NAME,
    64: Cause.CERTIFICATE_NAME,
}
_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})
_PROXY_ERRORS = (requests.exceptions.ProxyError, urllib3.exceptions.ProxyError)
# http.client's words for a status that a proxy answers to CONNECT.
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")
_MOST = 30


def cause_of(error: BaseException) -> Cause:
    """Return the cause of an error that is not a timeout; BROKE_OFF if the connection just ended."""
    chain = list(_chain(error))
    if any(isinstance(one, _PROXY_ERRORS) for one in chain) or _tunnel_status(chain):
        return _cause_at_proxy(chain)
    for one in chain:
        if found := _cause_of_one(one):
            return found
    return Cause.BROKE_OFF


def _cause_of_one(error: BaseException) -> Cause | None:
    match error:
        case ssl.SSLCertVerificationError():
            return _CERTIFICATES.get(error.verify_code, Cause.CERTIFICATE_UNTRUSTED)
        case ssl.SSLError() if not isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
            return Cause.TLS
        case socket.gaierror() | urllib3.exceptions.NameResolutionError():
            return Cause.NAME
        case ConnectionRefusedError():
            return Cause.REFUSED
        case OSError() if error.errno in _NO_ROUTE:
            return Cause.NO_ROUTE
    return None


def _cause_at_proxy(chain: list[BaseException]) -> Cause:
    status = _tunnel_status(chain)
    if status == 407:
        return Cause.PROXY_WANTS_PASSWORD
    return Cause.PROXY_REFUSED if status else Cause.PROXY_UNREACHABLE


def _tunnel_status(chain: list[BaseException]) -> int | None:
    found = (_TUNNEL.search(str(one)) for one in chain if isinstance(one, OSError))
    return next((int(match[1]) for match in found if match), None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all errors behind it. urllib3 keeps them in `reason` and `args`, Python in its own fields."""
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < _MOST:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        behind = (getattr(one, "reason", None), *one.args, one.__cause__, one.__context__)
        waiting += [other for other in behind if isinstance(other, BaseException)]
