"""What all tests share: a clean environment, and the outside world out of reach."""

from __future__ import annotations

import ipaddress
import os
import socket

import pytest

pytest_plugins = ["tests.support.fixtures"]

SETTINGS_PREFIXES = ("VINLI_", "SESSION_", "RATE_LIMIT_", "ANYLINE_", "AYYEKA_", "ASPOSE_", "INSTYLE_")
SETTINGS_NAMES = frozenset(
    "PUBLIC_URL SECRET_KEY SECRET_KEY_FALLBACKS STORE_URL OPERATOR_PASSWORD TRUSTED_PROXIES CORS_ORIGINS "
    "HTTPS_PROXY CA_BUNDLE FLASK_DEBUG UPSTREAM_SLOTS PORT SANDBOX_PORT".split()
)


@pytest.fixture(autouse=True)
def clean_environ(monkeypatch):
    for name in list(os.environ):
        if name in SETTINGS_NAMES or name.startswith(SETTINGS_PREFIXES):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch):
    """A call that leaves this machine fails loudly, whoever makes it."""
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, guarded(getattr(socket.socket, name)))


def guarded(connect):
    def call(self, address):
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            assert ipaddress.ip_address(address[0]).is_loopback, f"a test tried to reach {address}"
        return connect(self, address)

    return call
