"""The pages of the partner APIs, for the operator: one module for a page."""

from blueprints.partners import console, files, images, overview, report, sites, tire
from blueprints.partners.blueprint import bp

__all__ = ["bp", "console", "files", "images", "overview", "report", "sites", "tire"]
