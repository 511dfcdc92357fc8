"""The authorization-code flow."""

from blueprints.connect.views import bp

__all__ = ["bp"]
