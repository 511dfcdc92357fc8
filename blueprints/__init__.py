"""Thin views, one module per group of pages; what several of them share is in ``blueprints.web``."""
