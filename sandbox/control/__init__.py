"""The control interface for tests, under ``/_sandbox/``."""
