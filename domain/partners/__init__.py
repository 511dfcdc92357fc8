"""Texts about partner APIs for the operator."""
