"""What cannot be sent of an authorization request that somebody typed, and the words beside its field."""

from __future__ import annotations

import pytest

from blueprints.workbench.authorization_requests.checks import errors_of

GOOD = {
    "client_id": "the-client-id",
    "redirect_uri": "https://a.example/cb",
    "response_type": "code",
    "state": "",
    "scope": "",
    "pkce": "on",
    "extra": "",
}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"client_id": ""}, "Give the OAuth client’s id."),
        ({"client_id": "a\r\nb"}, "This holds a line break"),
        ({"client_id": "a:b"}, "HTTP Basic cannot carry a colon in a client id"),
        ({"client_id": "x" * 2049}, "This is longer than 2,048 characters."),
        ({"redirect_uri": ""}, "This is not a whole address"),
        ({"redirect_uri": "/connect/callback"}, "This is not a whole address"),
        ({"redirect_uri": "localhost:8000/connect/callback"}, "This is not a whole address"),
        ({"redirect_uri": " https://a.example/"}, "This is not a whole address"),
        ({"redirect_uri": "JavaScript:alert(1)"}, "javascript: names no place to come back to."),
        ({"redirect_uri": "data:text/html,x"}, "data: names no place to come back to."),
        ({"redirect_uri": "vbscript:x"}, "vbscript: names no place to come back to."),
        ({"redirect_uri": "https://user:pw@a.example/cb"}, "This holds a user name"),
        ({"redirect_uri": "https:/\\user@a.example/cb"}, "This holds a user name"),
        ({"redirect_uri": "HTTP:user@a.example"}, "This holds a user name"),
        ({"redirect_uri": "myApp://user@cb"}, "This holds a user name"),
        ({"redirect_uri": "https://a.example/\x00"}, "This holds a line break"),
        ({"response_type": "code token"}, "Choose code or token."),
        ({"response_type": ""}, "Choose code or token."),
        ({"pkce": "maybe"}, "Choose on or off."),
        ({"state": "ü"}, "A state holds letters, digits and signs of ASCII alone"),
        ({"scope": "a\nb"}, "This holds a line break"),
        ({"extra": "no value"}, "Each line is name=value"),
        ({"extra": "a b=c"}, "Each line is name=value"),
        ({"extra": "state=mine"}, "state is set by this form"),
        ({"extra": "a=1\nredirect_uri=x"}, "redirect_uri is set by this form"),
        ({"extra": "code_challenge=x"}, "code_challenge is set by this form"),
        ({"extra": "a=1\na=2"}, "a came twice"),
        ({"extra": "client_secret=x"}, "client_secret does not belong in an authorization request"),
        ({"extra": "a=1\nAuthorization=Basic"}, "Authorization does not belong"),
        ({"extra": "session=x"}, "session does not belong"),
        ({"extra": "PHPSESSID=x"}, "PHPSESSID does not belong"),
        ({"extra": "my-api-key=x"}, "my-api-key does not belong"),
        ({"extra": "access_token_of=x"}, "access_token_of does not belong"),
        ({"extra": "auth_code=x"}, "auth_code does not belong"),
        ({"extra": "cookie=x"}, "cookie does not belong"),
        ({"extra": "a=\x1b"}, "This holds a character that cannot be seen."),
        ({"extra": "a=" + "x" * 4096}, "This is longer than 4,096 characters."),
    ],
)
@pytest.mark.parametrize("begins_run", [True, False])
def test_what_cannot_be_sent_is_said_of_its_field(begins_run, fields, words):
    errors = errors_of(GOOD | fields, begins_run=begins_run)
    (name,) = fields
    assert errors.keys() == {name}
    assert words in errors[name]


@pytest.mark.parametrize("pkce", ["", "on", "off"])
def test_what_can_be_sent_has_no_error(pkce):
    assert errors_of(GOOD | {"pkce": pkce}, begins_run=True) == {}


@pytest.mark.parametrize(("length", "is_guessable"), [(0, False), (1, True), (15, True), (16, False)])
def test_a_state_that_stands_for_a_run_is_long_enough(length, is_guessable):
    assert bool(errors_of(GOOD | {"state": "x" * length}, begins_run=True)) == is_guessable
    assert errors_of(GOOD | {"state": "x" * length}, begins_run=False) == {}
