import pytest

from sandbox import bounded
from sandbox.oauth.tokens import Code, Token, Tokens
from sandbox.world.clock import Clock

CLIENT, OTHER_CLIENT = "client", "other"


@pytest.fixture
def clock():
    return Clock(lambda: 1000.0)


@pytest.fixture
def tokens(clock):
    tokens = Tokens(clock)
    tokens.save_code(Code("code", CLIENT, "http://l/cb", driver=0, expires_at=1060))
    return tokens


def token(value="token", grant="code", driver=0, expires_at=None, refresh_token=None):
    return Token(value, grant, CLIENT, driver, expires_at, refresh_token)


def test_a_code_is_good_once(tokens):
    assert tokens.use_code("code", CLIENT).value == "code"
    assert tokens.use_code("code", CLIENT) is None


def test_a_replayed_code_takes_its_tokens_along_renewed_ones_too(tokens):
    tokens.use_code("code", CLIENT)
    tokens.save(token(refresh_token="refresh"))
    tokens.save(token("renewed"))
    tokens.save(token("unrelated", grant="another"))
    tokens.use_code("code", CLIENT)
    assert tokens.find("token") is None
    assert tokens.find("renewed") is None
    assert tokens.find_refresh("refresh") is None
    assert tokens.find("unrelated") is not None


def test_another_client_neither_gets_nor_spends_a_code(tokens):
    assert tokens.use_code("code", OTHER_CLIENT) is None
    assert tokens.use_code("code", CLIENT) is not None


@pytest.mark.parametrize(("age", "is_good"), [(59.9, True), (60, False), (61, False)])
def test_a_code_expires(tokens, clock, age, is_good):
    clock.advance(age)
    assert bool(tokens.use_code("code", CLIENT)) is is_good


def test_an_unknown_code_is_nothing(tokens):
    assert tokens.use_code("", CLIENT) is None


def test_a_token_expires_when_it_has_a_lifetime(tokens, clock):
    tokens.save(token("short", expires_at=1010))
    tokens.save(token("long"))
    clock.advance(10)
    assert tokens.find("short") is None
    assert tokens.find("long") is not None


def test_one_drivers_tokens_are_revoked_and_others_stay(tokens):
    tokens.save(token("mine", driver=0, refresh_token="my refresh"))
    tokens.save(token("theirs", driver=1))
    assert tokens.revoke_driver(0) == 1
    assert tokens.find("mine") is None
    assert tokens.find_refresh("my refresh") is None
    assert tokens.find("theirs") is not None
    assert tokens.revoke_driver(None) == 1


def test_memory_is_bounded(tokens, monkeypatch):
    monkeypatch.setattr(bounded, "MOST_KEPT", 10)
    for number in range(30):
        tokens.save(token(str(number)))
    assert tokens.find("19") is None
    assert tokens.find("20") is not None


def test_no_secret_shows_when_printed():
    shown = repr(token("s3cret", grant="s3cret", refresh_token="s3cret")) + repr(
        Code("s3cret", CLIENT, "u", 0, 1)
    )
    assert "s3cret" not in shown
