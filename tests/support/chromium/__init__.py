"""Shared code of the tests in Chromium."""
