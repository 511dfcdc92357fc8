"""Is a request meant for this site: the hosts that arrive, compared with PUBLIC_URL."""

from __future__ import annotations

from collections.abc import Mapping

from domain.client_addresses import forwarded_values, listed


def is_own_host(public_url: str, trusted_proxies: int, host: str, forwarded: Mapping[str, str]) -> bool:
    """Tell if a request is for the host of ``public_url``, as the browser named it or as a trusted proxy says.

    Proxies often drop the port, and some name it in a header of its own. Behind a trusted proxy a host without a port
    therefore passes.
    """
    scheme, _, expected = public_url.partition("://")
    name, port = split_host(_browsers_host(trusted_proxies, host, forwarded).lower())
    wanted_name, wanted_port = split_host(expected)
    wanted_port = wanted_port or {"https": "443"}.get(scheme, "80")
    if not trusted_proxies:
        return name == wanted_name and (port or {"https": "443"}.get(scheme, "80")) == wanted_port
    ports = listed(forwarded.get("X-Forwarded-Port", ""))
    return name == wanted_name and (not port or port == wanted_port or wanted_port in ports)


def _browsers_host(trusted_proxies: int, host: str, forwarded: Mapping[str, str]) -> str:
    """Return the host that the outermost trusted proxy was asked for.

    Each proxy appends to the header, or hands on the only value.
    """
    if not trusted_proxies:
        return host
    hosts = listed(forwarded.get("X-Forwarded-Host", "")) or [
        value for value in forwarded_values(forwarded.get("Forwarded", ""), "host") if value
    ]
    return hosts[max(0, len(hosts) - trusted_proxies)] if hosts else host


def split_host(host: str) -> tuple[str, str]:
    """Return the name and the port of a host; the port is empty without one."""
    name, colon, port = host.rpartition(":")
    is_port = bool(colon) and port.isascii() and port.isdigit() and (":" not in name or name.endswith("]"))
    return (name, port) if is_port else (host, "")
