"""The workbench, for the operator: why a redirect URI or an OAuth step fails."""

from blueprints.workbench import catch, doctor, drivers, exchange, requests, traces
from blueprints.workbench.blueprint import bp, requests_bp

__all__ = ["bp", "catch", "doctor", "drivers", "exchange", "requests", "requests_bp", "traces"]
