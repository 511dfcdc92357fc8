"""JSON for our own pages, under short-lived tokens."""

from blueprints.api.views import bp

__all__ = ["bp"]
