"""Clients of the partner APIs, one module each."""
