"""Thin views, one package per area. Code that several areas share is in ``blueprints.web``."""
