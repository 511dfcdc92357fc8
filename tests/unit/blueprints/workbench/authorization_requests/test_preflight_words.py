"""What is said of an authorization endpoint's answers: no more than they show, and nothing that cannot be done."""

from __future__ import annotations

import re

import pytest

from blueprints.workbench.authorization_requests.form import RequestForm
from blueprints.workbench.authorization_requests.preflight_words import (
    Tried,
    advice_for,
    conclusion_of,
    summary_of,
)
from domain.redirect_uris.variants import variants
from providers.vinli.oauth.preflight import PreflightResult
from settings import from_environ

CARS = "https://cars.example.com"
HOME = "http://127.0.0.1:8000"
REDIRECT_URI, CLIENT, ADDRESS = "The redirect URI seems", "The client id seems", "See whether VINLI_AUTH_URL"


def settings_of(public_url):
    return from_environ(
        {
            "PUBLIC_URL": public_url,
            "SECRET_KEY": "0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c",
            "VINLI_APP_ID": "the-app",
            "VINLI_APP_SECRET": "its-secret",
            "VINLI_CLIENT_ID": "the-client",
            "VINLI_CLIENT_SECRET": "the-secret-of-it",
        }
    )


def advice_on(kind="error", status=400, text="", error=""):
    settings = settings_of(CARS)
    found = advice_for(
        RequestForm.for_connect(settings), PreflightResult(kind, status, text=text, error=error), settings
    )
    return [advice.text for advice in found]


def concluded(
    public_url=CARS, *, is_accepted=False, accepted=(), undecided=0, is_judged=True, has_refusal=True
):
    """Conclude from variants of what /connect sends, `accepted` by their names."""
    settings = settings_of(public_url)
    form = RequestForm.for_connect(settings)
    usual = variants(form.redirect_uri)
    taken = tuple(variant for variant in usual if variant.name in accepted)
    assert len(taken) == len(accepted)
    return conclusion_of(
        form, settings, Tried(len(usual), is_accepted, taken, undecided, is_judged, has_refusal)
    )


@pytest.mark.parametrize(
    ("text", "beginnings"),
    [
        ("The redirect_uri is not registered for this client_id", [REDIRECT_URI]),
        ("Redirection URI mismatch (client id: 5)", [REDIRECT_URI]),
        ("Unknown client, so redirect_uri was not looked at", [REDIRECT_URI, CLIENT]),
        ("No such client_id", [CLIENT]),
        ("Bad luck", ["Read the answer below"]),
    ],
)
def test_what_is_said_of_the_redirect_uri_comes_before_the_client_that_it_is_said_of(text, beginnings):
    found = advice_on(text=text)
    assert len(found) == len(beginnings)
    assert all(advice.startswith(start) for advice, start in zip(found, beginnings, strict=True))


@pytest.mark.parametrize(
    ("outcome", "beginning"),
    [
        (("unclear", 200, "Invalid redirect_uri"), REDIRECT_URI),
        (("unclear", 200, "invalid_client"), CLIENT),
        (("unclear", 200, "Welcome to nginx"), ADDRESS),
        (("unclear", 200, ""), ADDRESS),
        (("error", 404, "Not found"), ADDRESS),
        (("error", 404, "Client not found"), CLIENT),
        (("redirect_elsewhere", 302, ""), ADDRESS),
        (("unreadable", None, ""), ADDRESS),
    ],
)
def test_the_address_is_doubted_where_nobody_speaks_of_the_request(outcome, beginning):
    (advice,) = advice_on(*outcome)
    assert advice.startswith(beginning)
    assert ("VINLI_STACK" in advice) is (beginning == ADDRESS)


def test_a_page_without_a_form_is_not_said_to_ask_nobody():
    summary = summary_of(PreflightResult("unclear", 200))
    assert summary.title == "Not recognised"
    assert "nobody" not in summary.words
    assert "built by a script" in summary.words


@pytest.mark.parametrize(
    ("is_judged", "title", "words"),
    [
        (None, "Accepted", "Some servers judge the redirect URI only after that"),
        (True, "Accepted", "and be sent back to the redirect URI"),
        (False, "Asked to sign in first", "shows only afterwards"),
    ],
)
def test_what_a_sign_in_page_means_depends_on_whether_anything_else_is_refused(is_judged, title, words):
    summary = summary_of(PreflightResult("consent", 200), is_judged=is_judged)
    assert summary.title == title
    assert words in summary.words


@pytest.mark.parametrize("is_accepted", [True, False])
@pytest.mark.parametrize("accepted", [(), ("with_slash",)])
def test_nothing_is_concluded_where_nothing_was_decided(is_accepted, accepted):
    for about in ({"is_judged": False}, {"is_judged": None, "has_refusal": False}, {"has_refusal": False}):
        text = concluded(is_accepted=is_accepted, accepted=accepted, **about)
        assert re.search(
            r"(?:none of these answers tells|the answers do not tell) which one is registered", text
        )
        assert not re.search("slash|usual variants|character by character|Register", text)


def test_where_no_variant_was_decided_what_was_sent_is_all_there_is():
    count = len(variants(f"{CARS}/connect/callback"))
    assert concluded(undecided=count) == "No variant got a clear answer, so nothing can be said of them."
    assert concluded(undecided=count, is_accepted=True).startswith("Accepted as it is. No variant")


@pytest.mark.parametrize(
    ("undecided", "words"),
    [(0, None), (1, "1 variant got no clear answer"), (2, "2 variants got no clear answer")],
)
def test_what_was_not_decided_is_counted(undecided, words):
    text = concluded(undecided=undecided)
    assert "None of the usual variants is accepted either" in text
    assert ("no clear answer" in text) is bool(words)
    assert (words or "") in text


@pytest.mark.parametrize(
    ("public_url", "accepted", "offered"),
    [
        (CARS, "host_upper", None),
        (CARS, "with_port", None),
        (CARS, "http", None),
        (CARS, "with_slash", None),
        (f"{CARS}:8443", "without_port", CARS),
        (HOME, "host_localhost", "http://localhost:8000"),
        ("http://localhost:8000", "host_127.0.0.1", HOME),
        (HOME, "https", None),
        (HOME, "without_port", None),
        ("https://127.0.0.1:8443", "http", None),
    ],
)
def test_a_public_url_is_offered_only_where_settings_keep_it_and_the_server_can_be_there(
    public_url, accepted, offered
):
    text = concluded(public_url, accepted=(accepted,))
    found = re.search(r"PUBLIC_URL=(\S+),", text)
    assert (found and found[1]) == offered
    assert f"register {public_url}/connect/callback in the Developer Portal" in text
    if offered:
        assert settings_of(offered).public_url == offered


def test_of_several_accepted_ones_that_is_offered_which_this_site_can_send():
    text = concluded(HOME, accepted=("with_slash", "host_localhost"))
    assert "Set PUBLIC_URL=http://localhost:8000," in text
