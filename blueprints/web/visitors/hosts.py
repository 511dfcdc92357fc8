"""Serve only the configured address: its host, and https if PUBLIC_URL says https."""

from __future__ import annotations

from flask import Flask, Response, make_response, redirect, request

from blueprints.web.arrival import Arrival, arrival
from blueprints.web.cookies import COOKIE_NAMESPACE
from blueprints.web.error_pages import HTTP_PROBLEMS, wants_json
from blueprints.web.policies import current_policy
from blueprints.web.requests import path_as_asked
from domain.client_addresses import forwarded_values, listed
from domain.own_host import is_own_host
from domain.problems import Action, Problem, ProblemError
from settings import Settings

# The cookie that says that this browser was led to https a moment ago. It has no Secure attribute, because it has to
# come back by plain http.
TRIED_HTTPS = f"{COOKIE_NAMESPACE}tried_https"
TRIED_SECONDS = 60


def register_trusted_hosts(app: Flask, settings: Settings) -> None:
    """Answer 400 to requests for any other host than that of ``PUBLIC_URL``, and lead http to https."""

    @app.before_request
    def check_host() -> None:
        arrived = arrival()
        if arrived.host is None and request.environ.get("SERVER_PROTOCOL") == "HTTP/1.1":
            raise ProblemError(HTTP_PROBLEMS[400], "no Host header")  # RFC 9112, section 3.2
        if not current_policy().any_host_because and not _is_own(settings, arrived):
            raise ProblemError(_wrong_address(settings, arrived), "unknown host")

    @app.before_request
    def lead_to_https() -> Response | None:
        if (
            not settings.is_https
            or current_policy().any_host_because
            or not _came_by_http(settings, arrival())
        ):
            return None
        # If a proxy ends https without telling us, every redirect to https returns as http. The cookie shows that this
        # browser was already redirected. Programs keep no cookies.
        if TRIED_HTTPS in request.cookies or wants_json():
            if "http" in _protocols(settings, arrival()):
                # No password is typed and no sign-in begins where others can read them.
                raise ProblemError(_came_without_https(settings, arrival()), "plain http")
            return None
        asked = path_as_asked()
        path = asked if request.method in {"GET", "HEAD"} else asked.partition("?")[0]
        response = make_response(redirect(settings.public_url + path, code=303))
        response.set_cookie(TRIED_HTTPS, "1", max_age=TRIED_SECONDS, httponly=True, samesite="Lax")
        return response


def _is_own(settings: Settings, arrived: Arrival) -> bool:
    return is_own_host(settings.public_url, settings.trusted_proxies, arrived.host or "", arrived.forwarded)


def _came_by_http(settings: Settings, arrived: Arrival) -> bool:
    """Tell if the browser came by plain http, as far as can be told: nothing says that it used https."""
    if request.scheme == "https" or request.headers.get("Sec-Fetch-Site"):
        return False  # browsers send Fetch Metadata to https alone, and to loopback addresses
    return "https" not in _protocols(settings, arrived)


def _protocols(settings: Settings, arrived: Arrival) -> list[str]:
    """Return the schemes that proxies name for the browser's way, in any header.

    Each proxy appends the scheme by which it was asked. What the outermost trusted one appended is the browser's; what
    stands behind it is about the ways between proxies.
    """
    forwarded = arrived.forwarded
    found = []
    for values in (
        listed(forwarded.get("X-Forwarded-Proto", "").lower()),
        forwarded_values(forwarded.get("Forwarded", "").lower(), "proto"),
    ):
        inner = max(0, settings.trusted_proxies - 1)
        found += values[: max(1, len(values) - inner)]
    return found


def _came_without_https(settings: Settings, arrived: Arrival) -> Problem:
    """Return the problem for a browser that a proxy says came by http, again after it was led to https."""
    came = [
        f"{name}: {value[:120]}" for name, value in arrived.forwarded.items() if name in _ABOUT_THE_SCHEME
    ]
    cause = (
        f"The proxy in front says that the browser came by plain http: {'; '.join(came)}.",
        "Operator: have the outermost proxy redirect http to https, and send X-Forwarded-Proto: https for what came "
        "by https. Inner proxies pass it on as it came. The command “flask --app app doctor” explains more: give it "
        "each header with -H.",
    )
    return Problem(
        "came_by_http",
        400,
        "This connection is not encrypted",
        f"This site is used at {settings.public_url} alone, so that nobody on the way can read what you type.",
        (
            "Open the address above. If it leads here again, tell the operator of this site the reference below.",
        ),
        actions=(Action(f"Open {settings.public_url}", address=f"{settings.public_url}/", primary=True),),
        cause=cause,
    )


def _wrong_address(settings: Settings, arrived: Arrival) -> Problem:
    """Return the problem for another host, with what arrived and in which header."""
    came = [f"Host: {arrived.host or ''}"]
    came += [f"{name}: {value}" for name, value in arrived.forwarded.items() if name in _ABOUT_THE_HOST]
    shown = "; ".join(line[:120] for line in came)
    cause = (
        f"This request came with {shown}.",
        "Operator: have the proxy pass the browser’s Host header on (nginx: proxy_set_header Host $http_host;), or set "
        "PUBLIC_URL to the address that people use. The command “flask --app app doctor” explains more: give it each "
        "header with -H.",
    )
    # Behind a proxy that changes the host, the link would lead to this page again.
    way_out = Action(f"Open {settings.public_url}", address=settings.public_url, primary=True)
    return Problem(
        "wrong_address",
        400,
        "Wrong address",
        f"This site answers at {settings.public_url} alone: sign-ins come back there, and cookies belong to it.",
        (
            "Open the address above. If it leads here again, tell the operator of this site the reference below.",
        ),
        actions=() if arrived.forwarded else (way_out,),
        cause=cause,
    )


_ABOUT_THE_SCHEME = ("X-Forwarded-Proto", "Forwarded")
_ABOUT_THE_HOST = ("X-Forwarded-Host", "X-Forwarded-Port", "Forwarded")
