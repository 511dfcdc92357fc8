from dataclasses import replace

import pytest

from sandbox.oauth.registry import Registry, UnknownClient
from sandbox.options import Options
from sandbox.world.seeds import Seed

OTHER = "https://other.example/cb"


@pytest.fixture
def registry():
    return Registry(Seed(1), Options(workbench_redirect_uri="http://l/catch"))


def test_two_clients_are_registered_unless_a_third_is_asked_for(registry):
    assert [client.name for client in Registry(Seed(1), Options()).clients] == ["server client", "web client"]
    assert Registry(Seed(1), Options()).workbench_client is None
    assert [client.type for client in registry.clients] == ["server", "web", "server"]
    assert registry.workbench_client.redirect_uri == "http://l/catch"


def test_the_third_changes_nothing_about_the_others_and_shares_nothing_with_them(registry):
    assert Registry(Seed(1), Options()).clients == registry.clients[:2]
    assert len({client.id for client in registry.clients}) == 3
    assert registry.workbench_client.secret not in (None, registry.server_client.secret)


def test_another_redirect_uri_takes_the_place_of_one_clients(registry):
    before = registry.clients
    registry.register(registry.web_client.id, OTHER)
    assert registry.clients == (before[0], replace(before[1], redirect_uri=OTHER), before[2])
    assert registry.web_client == registry.client(before[1].id) == registry.clients[1]


def test_an_unknown_client_gets_none(registry):
    before = registry.clients
    with pytest.raises(UnknownClient):
        registry.register(registry.app.id, OTHER)
    assert registry.clients == before
