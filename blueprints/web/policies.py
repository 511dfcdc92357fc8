"""Exceptions from the common rules for views, declared at the view.

A view without ``@policy`` accepts only small bodies, only from our own pages, and only for the configured host. Its
page loads nothing from other origins and sends the referrer only to this site.
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
    """The exceptions of one view.

    ``max_body_bytes`` allows larger bodies. ``no_csrf_because`` and ``any_host_because`` turn a check off and say why
    that is safe. ``hides_address`` is for addresses that hold a code, a state or a one-time link: the browser sends no
    referrer. ``connect_sources`` and ``image_sources`` return the origins that the page's scripts may call and that
    its pictures may come from. ``cors_methods`` are the methods that the origins in CORS_ORIGINS may use. ``is_logged``
    is off for probes, which come every few seconds. ``wipes_fragment`` removes a fragment, which may hold a token, from
    the address before anything else runs, on error pages too.
    """

    max_body_bytes: int | None = None
    no_csrf_because: str = ""
    any_host_because: str = ""
    hides_address: bool = False
    connect_sources: Sources | None = None
    image_sources: Sources | None = None
    cors_methods: tuple[str, ...] = ()
    is_logged: bool = True
    wipes_fragment: bool = False


_USUAL = Policy()
# Flask's own view for the files in static/. The "wrong address" page needs them too.
_STATIC = Policy(any_host_because="these files are the same for everybody", is_logged=False)


def policy(**differences: Any) -> Callable[[V], V]:
    """Declare the exceptions of the decorated view. The arguments are the fields of ``Policy``."""
    said = Policy(**differences)

    def mark(view: V) -> V:
        setattr(view, _ATTRIBUTE, said)
        return view

    return mark


def current_policy() -> Policy:
    """Return the policy of the view that handles this request; the usual policy if there is no view."""
    if request.endpoint == "static":
        return _STATIC
    view = current_app.view_functions.get(request.endpoint or "")
    found: Policy = getattr(view, _ATTRIBUTE, _USUAL)
    return found


def register_body_sizes(app: Flask) -> None:
    """Allow larger bodies for views that accept them. Register this before anything that reads a body."""

    @app.before_request
    def accept_large_body() -> None:
        if (size := current_policy().max_body_bytes) is not None:
            request.max_content_length = size
