"""Authorization requests in the workbench: preflight tests one, compose makes one and begins its run."""

from blueprints.workbench.authorization_requests import pages
from blueprints.workbench.authorization_requests.blueprint import bp

__all__ = ["bp", "pages"]
