"""The driver's cars."""

from blueprints.garage import device, index
from blueprints.garage.blueprint import bp

__all__ = ["bp", "device", "index"]
