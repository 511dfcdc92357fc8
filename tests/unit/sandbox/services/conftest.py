import pytest

from tests.support.reports import Reports
from tests.support.watched_sandbox import WatchedSandbox


@pytest.fixture
def sandbox(monkeypatch):
    monkeypatch.setattr("sandbox.services.container.Journal", lambda *_: Reports())
    return WatchedSandbox()
