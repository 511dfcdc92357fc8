import pytest

from sandbox.oauth.redirect_uris import find_problem, form_target, origin_of


@pytest.mark.parametrize(
    "uri",
    [
        "https://example.com/cb",
        "http://[::1]:8/cb?a=%20",
        "myApp://",
        "li.vin.auth://done",
        "http://l/<b>'\"",
        "http://l/".ljust(2048, "a"),
    ],
)
def test_absolute_uris_may_be_registered(uri):
    assert find_problem(uri) is None


@pytest.mark.parametrize(
    ("uri", "word"),
    [
        ("", "empty"),
        ("/connect/callback", "not absolute"),
        ("127.0.0.1:8000/cb", "not absolute"),
        ("http://l/cb#", "fragment"),
        ("http://l/c b", "blank"),
        (" http://l/cb", "blank"),
        ("http://l/\r\nX: y", "control character"),
        ("http://l/\x7f", "control character"),
        ("http://l/ä", "ASCII"),
        ("http://[::1/cb", "no URI"),
        ("http://l/".ljust(2049, "a"), "longer than 2,048"),
    ],
)
def test_others_may_not_and_the_reason_is_said(uri, word):
    assert word in find_problem(uri)


@pytest.mark.parametrize(
    ("uri", "target"),
    [
        ("http://a;script-src/cb", "http:"),
        ("http://a,b/cb", "http:"),
        ("https://*/cb", "https:"),
        ("http://a'b/cb", "http:"),
        ("http://user@a/cb", "http:"),
        ("https://" + "a" * 2000 + "/cb", "https:"),
        ("a" * 2000 + ":cb", "'self'"),
    ],
)
def test_no_redirect_uri_can_add_to_the_policy_of_pages(uri, target):
    assert find_problem(uri) is None
    assert form_target(uri) == target


@pytest.mark.parametrize(
    ("redirect_uri", "target"),
    [
        ("http://127.0.0.1:8000/connect/callback", "http://127.0.0.1:8000"),
        ("https://example.com/cb?x=1", "https://example.com"),
        ("http://[::1]:8000/cb", "http:"),
        ("myapp://", "myapp:"),
        ("li.vin.auth://done", "li.vin.auth:"),
    ],
)
def test_forms_may_lead_to_where_a_redirect_uri_is(redirect_uri, target):
    assert form_target(redirect_uri) == target


def test_a_custom_scheme_has_no_origin():
    assert origin_of("myapp://x") is None
