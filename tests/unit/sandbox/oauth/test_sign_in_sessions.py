import pytest

from sandbox.oauth.sign_in_sessions import CONSENT_SECONDS, SECOND_CLICK_SECONDS, SignInSessions
from sandbox.world.clock import Clock

DRIVER, OTHER = 0, 1
ASKED = {"client_id": "c"}


@pytest.fixture
def clock():
    return Clock(lambda: 1000.0)


@pytest.fixture
def browsers(clock):
    return SignInSessions(clock)


def test_a_session_lasts_until_signed_out(browsers):
    session = browsers.sign_in(DRIVER)
    assert browsers.driver(session) == DRIVER
    browsers.sign_out(session)
    assert browsers.driver(session) is None
    assert browsers.driver(None) is browsers.driver("") is None


def test_a_question_is_answered_once_but_for_the_second_click(browsers, clock):
    transaction, consent = browsers.ask(DRIVER, ASKED), browsers.consent_value(DRIVER)
    assert browsers.decide(transaction, DRIVER, consent, is_approved=True) == ASKED
    assert browsers.decide(transaction, DRIVER, consent, is_approved=False) is None
    clock.advance(SECOND_CLICK_SECONDS - 1)
    assert browsers.decide(transaction, DRIVER, consent, is_approved=True) == ASKED
    clock.advance(1)
    assert browsers.decide(transaction, DRIVER, consent, is_approved=True) is None


def test_nobody_else_answers_and_the_question_stays_open(browsers):
    transaction = browsers.ask(DRIVER, ASKED)
    assert browsers.decide(transaction, OTHER, browsers.consent_value(OTHER), is_approved=True) is None
    assert browsers.decide(transaction, DRIVER, None, is_approved=True) is None
    assert browsers.decide(transaction, DRIVER, "ünknown", is_approved=True) is None
    assert browsers.decide(transaction, DRIVER, browsers.consent_value(OTHER), is_approved=True) is None
    assert browsers.decide(transaction, DRIVER, browsers.consent_value(DRIVER), is_approved=True) == ASKED


def test_a_question_grows_old(browsers, clock):
    transaction = browsers.ask(DRIVER, ASKED)
    clock.advance(CONSENT_SECONDS)
    assert browsers.decide(transaction, DRIVER, browsers.consent_value(DRIVER), is_approved=True) is None
