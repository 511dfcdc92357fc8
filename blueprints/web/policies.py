"""What a view needs otherwise than all others do, said at the view.

A view without ``@policy`` takes small bodies from our own pages for the configured host alone, loads nothing from
elsewhere, and tells other pages of this site where its reader came from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, current_app, request

from settings import Settings

V = TypeVar("V", bound=Callable[..., Any])
Sources = Callable[[Settings], tuple[str, ...]]

_ATTRIBUTE = "policy_of_view"


@dataclass(frozen=True)
class Policy:
    """How a view differs from the others.

    ``max_body_bytes`` is for a view that takes larger bodies. ``no_csrf_because`` and ``any_host_because`` turn a
    check off and say why that is safe. ``hides_address`` is for addresses that hold a code, a state or a one-time
    link: nobody is told where the reader came from. ``connect_sources`` and ``image_sources`` return the origins that
    the page's scripts may call and that its pictures may come from. ``cors_methods`` are what the origins in
    CORS_ORIGINS may send.
    """

    max_body_bytes: int | None = None
    no_csrf_because: str = ""
    any_host_because: str = ""
    hides_address: bool = False
    connect_sources: Sources | None = None
    image_sources: Sources | None = None
    cors_methods: tuple[str, ...] = ()


_USUAL = Policy()
# Flask's own view for the files in static/: also the page that says "wrong address" has styles.
_STATIC = Policy(any_host_because="these files are the same for everybody")


def policy(**differences: Any) -> Callable[[V], V]:
    """Say how the view below differs from the others; the fields are those of ``Policy``."""
    said = Policy(**differences)

    def mark(view: V) -> V:
        setattr(view, _ATTRIBUTE, said)
        return view

    return mark


def current_policy() -> Policy:
    """Return the policy of the view that handles this request; the usual one where no view does."""
    if request.endpoint == "static":
        return _STATIC
    view = current_app.view_functions.get(request.endpoint or "")
    found: Policy = getattr(view, _ATTRIBUTE, _USUAL)
    return found


def register_body_sizes(app: Flask) -> None:
    """Let bodies be larger where the view takes them; to be registered before anything that reads a body."""

    @app.before_request
    def accept_large_body() -> None:
        if (size := current_policy().max_body_bytes) is not None:
            request.max_content_length = size
