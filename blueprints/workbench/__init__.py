"""The workbench, for the operator: it shows why a redirect URI or an OAuth step fails."""

from blueprints.workbench import catch, doctor, drivers, exchange, traces
from blueprints.workbench.blueprint import bp

__all__ = ["bp", "catch", "doctor", "drivers", "exchange", "traces"]
