"""Shared code of the tests: programs to start, servers to call, and browsers."""
