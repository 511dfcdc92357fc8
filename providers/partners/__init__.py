"""Clients of the partner APIs, a module for each."""
