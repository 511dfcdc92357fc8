"""The operator's pages."""

from blueprints.operator import devices, sign_in
from blueprints.operator.blueprint import bp

__all__ = ["bp", "devices", "sign_in"]
