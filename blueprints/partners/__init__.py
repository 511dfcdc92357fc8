"""The console of the partner APIs."""

from blueprints.partners.views import bp

__all__ = ["bp"]
