"""The doctor on PUBLIC_URL: do this request and its proxy headers show the same address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from domain.client_addresses import (
    FORWARDED_HEADERS,
    advice,
    client_of,
    forwarded_values,
    listed,
    trust_proxies,
    visitors_addresses,
    with_x_forwarded,
)
from domain.doctor.report import (
    Facts,
    Finding,
    Section,
    Severity,
    fact,
    good,
    problem,
    unknown,
    warning,
)
from domain.own_host import is_own_host, split_host
from settings import Settings, can_be_public_url, is_loopback

_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(?::\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::\d{1,5})?")
_PORT = re.compile(r"[1-9]\d{0,4}", re.ASCII)
_DEFAULT_PORTS = {"http": "80", "https": "443"}
# The headers that may name the visitor's address.
_ABOUT_THE_CLIENT = ("X-Forwarded-For", "Forwarded", "X-Real-IP")
NGINX_LINE = "proxy_set_header X-Forwarded-Proto $scheme;"
NGINX_APPENDING_LINE = 'proxy_set_header X-Forwarded-Proto "$http_x_forwarded_proto, $scheme";'


@dataclass(frozen=True)
class BrowserRequest:
    """The address by which a browser reached this site.

    ``scheme`` and ``host`` are those of the request after the headers of trusted proxies are applied. ``forwarded``
    holds the headers that proxies add, unchanged, from trusted and untrusted proxies. ``remote`` is the address of
    the sender after the headers of trusted proxies are applied.
    """

    scheme: str
    host: str
    forwarded: Mapping[str, str]
    remote: str = "127.0.0.1"

    @classmethod
    def from_headers(cls, settings: Settings, headers: Mapping[str, str]) -> Self:
        """Return the request of a browser with these headers, sent through a proxy on this machine."""
        named = {name.title(): value for name, value in headers.items()}
        forwarded = {name: named[name.title()] for name in FORWARDED_HEADERS if name.title() in named}
        older, hops = with_x_forwarded(forwarded), settings.trusted_proxies
        return cls(
            _trusted(older.get("X-Forwarded-Proto", ""), hops) or "http",
            named.get("Host", _host_of(settings)),
            forwarded,
            _trusted(older.get("X-Forwarded-For", ""), hops) or "127.0.0.1",
        )

    @property
    def proto(self) -> str | None:
        """Return the browser's scheme as the outermost proxy reports it; None if it reports none."""
        said = _first(self._header("X-Forwarded-Proto")) or self._pair("proto")
        return said.lower() if said and said.lower() in {"http", "https"} else None

    @property
    def forwarded_host(self) -> str | None:
        """Return the browser's host as the outermost proxy reports it; None if it reports none or an invalid one."""
        said = _first(self._header("X-Forwarded-Host")) or self._pair("host")
        if not said or not _HOST.fullmatch(said):
            return None
        return said.lower().removesuffix(":443" if self.proto == "https" else ":80")

    @property
    def hops(self) -> int:
        """Return the number of values in X-Forwarded-Proto. TRUSTED_PROXIES can be at most this number."""
        return self._count("X-Forwarded-Proto")

    @property
    def addresses(self) -> int:
        """Return the number of addresses: one per proxy that appends its own, as nearly all do."""
        return len(visitors_addresses(self.forwarded))

    def _count(self, name: str) -> int:
        said = self._header(name)
        return len(said.split(",")) if said else 0

    def _header(self, name: str) -> str:
        found = (value for key, value in self.forwarded.items() if key.lower() == name.lower())
        return next(found, "")[:1000]

    def _pair(self, name: str) -> str | None:
        """Return one parameter of the first element of `Forwarded` (RFC 7239, section 4); None if it is not there."""
        values = forwarded_values(self._header("Forwarded"), name)
        return values[0] or None if values else None


def address_section(
    settings: Settings, incoming: BrowserRequest | None, registered: str | None = None
) -> Section:
    """Return the findings on PUBLIC_URL.

    ``registered`` is the origin of all registrations if PUBLIC_URL is the wrong one, else None.
    """
    finding = _address_finding(settings, incoming)
    # The right number of proxies also gives the visitors' addresses.
    is_known = incoming is None or _gives_addresses(finding, incoming)
    more = () if incoming is None or is_known else tuple(_client_findings(settings, incoming))
    if registered is None:
        return Section("The address of this site", (finding, *more))
    what = "Vinli lists this site’s clients with another address. The rest of each redirect URI is right."
    facts = (fact("PUBLIC_URL", settings.public_url), fact("Registered", registered))
    todo = _set_public_url(registered)
    if incoming is None and settings.is_public and is_loopback(urlsplit(registered).hostname):
        todo += f". If {settings.public_url} is right, register its redirect URIs with Vinli instead."
    wrong = problem(
        "public_url_not_registered", "PUBLIC_URL is not the registered address", what, todo, facts
    )
    is_same = finding.severity in {Severity.GOOD, Severity.UNKNOWN} or _is_at(settings, incoming, registered)
    return Section("The address of this site", (*((wrong,) if is_same else (finding, wrong)), *more))


def _gives_addresses(finding: Finding, incoming: BrowserRequest) -> bool:
    """Tell if the advice on PUBLIC_URL also makes the visitors' addresses known, or says that none can be known."""
    if finding.code in {"trusted_proxies_unset", "trusted_proxies_miscounted"}:
        return bool(incoming.addresses)
    return finding.code == "no_proxy_in_front"


def is_shown_right(settings: Settings, incoming: BrowserRequest | None, other: str) -> bool:
    """Tell if an incoming request proves that PUBLIC_URL is this site’s address and ``other`` is not.

    A request to a loopback address proves nothing about a public address. One to the host of a public PUBLIC_URL proves
    it also if its scheme or port was lost on the way, as long as ``other`` is another host.
    """
    if incoming is None:
        return False
    ours, theirs = urlsplit(settings.public_url).hostname, urlsplit(other).hostname
    if not is_loopback(ours) and ours != theirs:
        return split_host(incoming.forwarded_host or incoming.host)[0].lower() == ours
    is_there = _is_at(settings, incoming, settings.public_url)
    return is_there and (is_loopback(theirs) or not is_loopback(ours))


def _is_at(settings: Settings, incoming: BrowserRequest | None, origin: str) -> bool:
    return incoming is not None and _seen_origin(settings, incoming) == origin


def external_origin(settings: Settings, incoming: BrowserRequest | None) -> str | None:
    """Return the origin that browsers seem to use if it is not PUBLIC_URL, else None."""
    if incoming is None or _address_finding(settings, incoming).code not in _PUBLIC_URL_IS_WRONG:
        return None
    return _seen_origin(settings, incoming)


_PUBLIC_URL_IS_WRONG = {"proxy_turned_https_into_http", "forwarded_host_differs"}


def _address_finding(settings: Settings, incoming: BrowserRequest | None) -> Finding:
    if incoming is None:
        what = "Only a browser’s request shows which address browsers use. Open the doctor’s page in the workbench."
        return unknown("public_url", "PUBLIC_URL", what, facts=(fact("PUBLIC_URL", settings.public_url),))
    facts = _facts(settings, incoming)
    if settings.is_https and incoming.scheme != "https":
        return _lost_https(settings, incoming, facts)
    if not settings.is_https and "https" in (incoming.scheme, incoming.proto):
        what = (
            "The browser came by https, which ends at a proxy, and PUBLIC_URL says http: Vinli would send people back "
            "to an address that they do not use."
        )
        todo = _set_public_url(_seen_origin(settings, incoming))
        return problem("proxy_turned_https_into_http", "A proxy turned https into http", what, todo, facts)
    is_other = incoming.forwarded_host is not None and _seen_host(settings, incoming) != _host_of(settings)
    if not settings.trusted_proxies and is_other:
        what = "A proxy says that the browser asked for another host than that of PUBLIC_URL."
        todo = _set_public_url(_seen_origin(settings, incoming))
        return problem("forwarded_host_differs", "Another host in front", what, todo, facts)
    if not is_own_host(settings.public_url, settings.trusted_proxies, incoming.host, incoming.forwarded):
        what = (
            f"Requests arrive for the host {incoming.host[:120]}, so everybody gets the page “Wrong address”."
        )
        todo = "Have the proxy pass the browser’s Host header on (nginx: proxy_set_header Host $http_host;), or set "
        todo += "PUBLIC_URL to the address that people use."
        count = max(1, incoming.addresses)
        if not settings.trusted_proxies and is_own_host(
            settings.public_url, count, incoming.host, incoming.forwarded
        ):
            todo = trust_proxies(count, ", so that what they say of the host is believed")
            return problem("trusted_proxies_unset", "The proxy is not trusted", what, todo, facts)
        return problem("host_differs", "Another host arrives", what, todo, facts)
    if settings.trusted_proxies and not incoming.forwarded:
        what = (
            f"TRUSTED_PROXIES is {settings.trusted_proxies}, but this request came without a proxy: such a visitor "
            "can claim any IP address."
        )
        todo = "Set TRUSTED_PROXIES=0. If a proxy is in front, have it send X-Forwarded-For and X-Forwarded-Proto."
        return warning("no_proxy_in_front", "No proxy in front", what, todo, facts)
    return good("public_url", "PUBLIC_URL", "It is the address that this browser used.", facts)


def _client_findings(settings: Settings, incoming: BrowserRequest) -> Iterator[Finding]:
    """Yield a problem if this visitor cannot be told from others."""
    is_public = settings.is_public and incoming.scheme != "https"
    found = client_of(incoming.remote, incoming.forwarded, settings.trusted_proxies, is_public=is_public)
    if not found.is_shared:
        return
    came = {name: value for name, value in incoming.forwarded.items() if name in _ABOUT_THE_CLIENT}
    facts = (
        fact("Address", incoming.remote or "none"),
        *(fact(name, value or "empty") for name, value in came.items()),
        *(() if came else (fact("X-Forwarded-For", "none"),)),
        fact("TRUSTED_PROXIES", str(settings.trusted_proxies)),
    )
    what = (
        "No IP address of the visitor can be read, so all visitors are counted as one. Sign-ins are slowed down while "
        "many come at once."
    )
    todo = advice(incoming.forwarded, settings.trusted_proxies)
    yield problem("visitors_share_address", "Visitors cannot be told apart", what, todo, facts)


def _trusted(header: str, hops: int) -> str:
    """Return the value that the outermost trusted proxy added; empty if there is none."""
    values = listed(header)
    return values[-hops] if 0 < hops <= len(values) else ""


def _lost_https(settings: Settings, incoming: BrowserRequest, facts: Facts) -> Finding:
    """Find out why a request to an https site looks like http: what the proxy reports, and if we trust it."""
    if incoming.proto == "https" and not settings.trusted_proxies:
        what = "The proxy says that the browser used https, but we do not trust it: TRUSTED_PROXIES is 0."
        count = max(1, incoming.addresses or incoming.hops)
        todo = trust_proxies(count, " if that is how many proxies are in front" if count > 1 else "")
        return problem("trusted_proxies_unset", "The proxy is not trusted", what, todo, facts)
    if incoming.proto == "https":
        what = (
            f"TRUSTED_PROXIES is {settings.trusted_proxies}, but that is not the number of values in "
            "X-Forwarded-Proto, so the header is ignored."
        )
        todo = trust_proxies(incoming.hops)
        if incoming.hops < min(incoming.addresses, settings.trusted_proxies):
            # With fewer trusted proxies, the limits on requests would take an inner proxy for the visitor.
            todo = f"Have each inner proxy append its own scheme to X-Forwarded-Proto; nginx: {NGINX_APPENDING_LINE}"
        elif incoming.hops in {0, settings.trusted_proxies}:
            todo = f"Have the proxy next to this site send the browser’s scheme; nginx: {NGINX_LINE}"
        return problem("trusted_proxies_miscounted", "Proxies miscounted", what, todo, facts)
    if incoming.proto == "http":
        what = "The proxy says that the browser came by plain http, while PUBLIC_URL says https."
        todo = "Have the outermost proxy redirect http to https, and inner ones pass X-Forwarded-Proto on as it came."
        if settings.trusted_proxies > 1:
            todo = "Have the outermost proxy redirect http to https, and inner ones append to X-Forwarded-Proto; "
            todo += f"nginx: {NGINX_APPENDING_LINE}"
        return problem("forwarded_proto_http", "The proxy says http", what, todo, facts)
    what = "The request came by http, and no header says that the browser used https."
    todo = f"Have the proxy send the header X-Forwarded-Proto (nginx: {NGINX_LINE})"
    todo += "." if settings.trusted_proxies else " and set TRUSTED_PROXIES=1 so that it is believed."
    return problem("forwarded_proto_missing", "The proxy does not say https", what, todo, facts)


def _set_public_url(origin: str) -> str:
    """Return the advice to use an origin, if the settings would accept it."""
    if can_be_public_url(origin):
        return f"Set PUBLIC_URL to {origin}"
    return f"Choose an address that PUBLIC_URL accepts. {origin[:120]} is not accepted."


def _seen_origin(settings: Settings, incoming: BrowserRequest) -> str:
    return f"{_seen_scheme(incoming)}://{_seen_host(settings, incoming)}"


def _seen_scheme(incoming: BrowserRequest) -> str:
    return "https" if "https" in (incoming.scheme, incoming.proto) else "http"


def _seen_host(settings: Settings, incoming: BrowserRequest) -> str:
    """Return the host that the browser seems to use, as this site reads it if it is its own.

    Proxies often drop its port, or name it in a header of its own.
    """
    ports = listed(incoming.forwarded.get("X-Forwarded-Port", ""))
    hops = settings.trusted_proxies or min(1, len(ports))
    scheme, _, own_host = settings.public_url.partition("://")
    is_read = bool(hops) or incoming.forwarded_host is None
    is_same = is_read and _seen_scheme(incoming) == scheme
    if is_same and is_own_host(settings.public_url, hops, incoming.host, incoming.forwarded):
        return own_host
    host = incoming.forwarded_host or incoming.host
    name, port = split_host(host)
    is_port = bool(ports) and _PORT.fullmatch(ports[0]) and ports[0] != _DEFAULT_PORTS[_seen_scheme(incoming)]
    return f"{name}:{ports[0]}" if is_port and not port else host


def _host_of(settings: Settings) -> str:
    return settings.public_url.partition("://")[2]


def _facts(settings: Settings, incoming: BrowserRequest) -> Facts:
    came = (fact(name, value or "empty") for name, value in incoming.forwarded.items())
    return (
        fact("PUBLIC_URL", settings.public_url),
        fact("This request", f"{incoming.scheme}://{incoming.host}"),
        *came,
    )


def _first(values: str) -> str:
    return values.partition(",")[0].strip()
