"""The workbench, for the operator: it shows why a redirect URI or an OAuth step fails."""

from blueprints.workbench import catch, doctor, drivers, exchange, traces
from blueprints.workbench.authorization_requests import pages
from blueprints.workbench.blueprint import bp, requests_bp

__all__ = ["bp", "catch", "doctor", "drivers", "exchange", "pages", "requests_bp", "traces"]
