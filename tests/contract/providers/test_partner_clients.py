"""The four partners' clients and the token engine against the sandbox: what works, and a table of what goes wrong."""

import logging

import pytest

import settings
from providers.errors import NoToken, ProviderError
from providers.http.transport import Transport
from store.backends import open_store
from store.leases import Leases
from store.records import Records
from store.vault import Vault
from tests.support.app_process import SECRET_KEY, app_variables
from tests.support.sandbox_process import SandboxProcess
from wiring.partners import build_partners
from wiring.token_cache import StoredTokenCache

TOKEN_PATHS = {
    "anyline": "/oauth/token",
    "ayyeka": "/auth/token",
    "aspose": "/connect/token",
    "instyle": "/cognito/",
}
NAMES = list(TOKEN_PATHS)
SECRETS = {
    "anyline": "ANYLINE_CLIENT_SECRET",
    "ayyeka": "AYYEKA_SECRET",
    "aspose": "ASPOSE_CLIENT_SECRET",
    "instyle": "INSTYLE_PASSWORD",
}


@pytest.fixture(scope="module")
def sandbox():
    with SandboxProcess("--quiet") as sandbox:
        yield sandbox


@pytest.fixture
def site(sandbox, tmp_path, caplog):
    """The partners as an application of its own sees them, with a store of its own; faults and log are cleared."""
    caplog.set_level(logging.DEBUG)
    sandbox.control("DELETE", "/faults")
    sandbox.control("DELETE", "/requests")
    sites = []

    def make(**variables):
        sites.append(Site(sandbox, tmp_path, variables))
        return sites[-1]

    yield make
    sandbox.control("DELETE", "/faults")
    for one in sites:
        one.transport.close()
        one.store.close()
    shown = caplog.text
    for name, value in sandbox.credentials["partners"].items():
        if name.endswith(("SECRET", "PASSWORD", "API_KEY", "SECRET_HASH")):
            assert value not in shown, f"{name} is in the log"
    assert "eyJ" not in shown, "a JWT is in the log"


class Site:
    def __init__(self, sandbox, directory, variables):
        self.sandbox = sandbox
        given = app_variables("http://127.0.0.1:8000", sandbox.credentials) | sandbox.credentials["partners"]
        self.settings = settings.from_environ(given | variables)
        self.transport = Transport(pool_size=8)
        self.store = open_store(f"sqlite:///{directory}/store.sqlite3")
        cache = StoredTokenCache(Records(self.store, Vault(SECRET_KEY)), Leases(self.store))
        self.partners = build_partners(self.settings, self.transport, cache)

    def call(self, name):
        """Make the partner's first example call that needs a token; return its status."""
        partner = self.partners.by_name[name]
        example = partner.examples[-1]
        body = example.body.encode() if example.body else None
        return partner.call(
            self.transport, example.method, example.path, role=example.role or None, body=body
        ).status

    def source(self, name):
        roles = self.partners.by_name[name].roles
        return (roles.get("admin") or roles["service"]).source

    def asked(self, name):
        """Return how many token requests the sandbox has seen."""
        log = self.sandbox.control("GET", "/requests")["requests"]
        return [entry["path"] for entry in log].count(TOKEN_PATHS[name])


@pytest.mark.parametrize("name", NAMES)
def test_many_calls_take_one_token(site, name):
    one = site()
    assert [one.call(name) for _ in range(3)] == [200] * 3
    assert site().call(name) == 200
    assert one.asked(name) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_revoked_token_costs_one_more(site, sandbox, name):
    one = site()
    one.call(name)
    sandbox.control("POST", "/partners/revoke", {"partner": name})
    assert [one.call(name) for _ in range(3)] == [200] * 3
    # Cognito's refresh token is revoked as well: it is tried first, then the password.
    assert one.asked(name) == (3 if name == "instyle" else 2)


FAULTS = {
    "down": ({"close": True}, "wait"),
    "broken": ({"status": 500}, "wait"),
    "busy": ({"status": 429, "headers": {"Retry-After": "90"}}, "wait"),
    "html": ({"status": 200, "body": "<html>", "content_type": "text/html"}, "provider"),
    "wrong type": (
        {
            "status": 200,
            "body": '{"access_token":"x","token_type":"mac"}',
            "content_type": "application/json",
        },
        "provider",
    ),
    "huge": ({"status": 200, "body": "x" * 200_000, "content_type": "application/json"}, "provider"),
    "refused": (
        {"status": 401, "body": '{"error":"invalid_client"}', "content_type": "application/json"},
        "settings",
    ),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_token_endpoint_that_fails_is_not_hammered_and_the_error_says_who_can_help(
    site, sandbox, name, fault
):
    about, remedy = FAULTS[fault]
    sandbox.control("POST", "/faults", {"path": TOKEN_PATHS[name], **about})
    one = site()
    for _ in range(5):
        with pytest.raises(NoToken) as caught:
            one.call(name)
    assert caught.value.remedy == remedy
    assert one.asked(name) <= 2
    state = one.source(name).state()
    assert (state.valid_until, state.problem.remedy) == (None, remedy)
    # What passes by itself is asked for again within a second, which may be over by now.
    assert state.next_try_at is not None or fault in {"down", "broken"}


def test_a_slow_token_endpoint_costs_a_call_no_more_than_its_time(site, sandbox):
    sandbox.control("POST", "/faults", {"path": "/auth/token", "delay_ms": 20_000, "times": 1})
    with pytest.raises(ProviderError) as caught:
        site().partners.ayyeka.sites(deadline=1.0)
    assert isinstance(caught.value, NoToken)


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_secret_names_the_setting_and_a_right_one_helps_at_once(site, name):
    wrong = site(**{SECRETS[name]: "not-the-secret"})
    with pytest.raises(NoToken) as caught:
        wrong.call(name)
    assert caught.value.remedy == "settings"
    assert any(SECRETS[name] == setting for setting in caught.value.settings)
    assert site().call(name) == 200


@pytest.mark.parametrize("name", ["anyline", "ayyeka", "aspose"])
def test_a_secret_that_the_partner_rotated_is_noticed_when_the_token_ends(site, sandbox, name):
    one = site()
    one.call(name)
    old = sandbox.credentials["partners"][SECRETS[name]]
    sandbox.control("POST", "/partners/secret", {"partner": name, "secret": "another-secret-of-theirs"})
    try:
        assert one.call(name) == 200
        sandbox.control("POST", "/partners/revoke", {"partner": name})
        with pytest.raises(NoToken) as caught:
            one.call(name)
        assert caught.value.remedy == "settings"
        assert site(**{SECRETS[name]: "another-secret-of-theirs"}).call(name) == 200
    finally:
        sandbox.control("POST", "/partners/secret", {"partner": name, "secret": old})


def test_a_challenge_of_cognito_is_for_the_provider_to_solve(site, sandbox):
    body = '{"ChallengeName":"NEW_PASSWORD_REQUIRED","Session":"x","ChallengeParameters":{}}'
    fault = {
        "path": "/cognito/",
        "status": 200,
        "body": body,
        "content_type": "application/x-amz-json-1.1",
    }
    sandbox.control("POST", "/faults", fault)
    with pytest.raises(NoToken, match="NEW_PASSWORD_REQUIRED") as caught:
        site().call("instyle")
    assert caught.value.remedy == "provider"
