"""Serve only the configured host name. The application never uses the Host header to build addresses."""

from __future__ import annotations

from flask import Flask, request

from blueprints.web.error_pages import HTTP_PROBLEMS
from blueprints.web.policies import current_policy
from domain.problems import Action, Problem, ProblemError
from settings import Settings


def register_trusted_hosts(app: Flask, settings: Settings) -> None:
    """Answer 400 to requests for any other host than that of ``PUBLIC_URL``."""
    expected = settings.public_url.split("://", 1)[1]
    wrong_address = Problem(
        "wrong_address",
        400,
        "Wrong address",
        f"This site answers at {settings.public_url} alone: sign-ins come back there, and cookies belong to it.",
        actions=(Action(f"Open {settings.public_url}", address=settings.public_url, primary=True),),
    )

    @app.before_request
    def check_host() -> None:
        if "HTTP_HOST" not in request.environ and request.environ.get("SERVER_PROTOCOL") == "HTTP/1.1":
            raise ProblemError(HTTP_PROBLEMS[400], "no Host header")  # RFC 9112, section 3.2
        if current_policy().any_host_because:
            return
        try:
            host = request.host
        except Exception as error:
            raise ProblemError(HTTP_PROBLEMS[400], "unreadable Host header") from error
        if host.lower() != expected:
            raise ProblemError(wrong_address, "unknown host")
