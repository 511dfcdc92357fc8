"""Questions that views ask about the request itself."""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import MethodNotAllowed

from blueprints.web.problems import Problem, ProblemError

PREFETCH = Problem(
    503,
    "Not opened ahead of time",
    "The browser asked for this page before you did. It is opened when you follow the link.",
    retry_after=0,
)


def refuse_prefetch() -> None:
    """End speculative requests (Sec-Purpose, Fetch Metadata) before they use anything up."""
    purpose = f"{request.headers.get('Sec-Purpose', '')} {request.headers.get('Purpose', '')}".lower()
    if "prefetch" in purpose or "prerender" in purpose:
        raise ProblemError(PREFETCH, "prefetch")


def refuse_other_methods(*allowed: str) -> None:
    """Answer 405 to what Flask would let through beside GET, above all HEAD: link checkers send it."""
    if request.method not in allowed:
        raise MethodNotAllowed(valid_methods=allowed)


def came_from_another_site() -> bool:
    """Whether a page of another site sent the browser here, as far as the browser says."""
    return request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}
