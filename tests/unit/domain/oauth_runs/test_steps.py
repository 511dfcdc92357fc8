"""What of a request or an answer may stand in a trace: nothing that could be a secret."""

import pytest

from domain.oauth_runs.steps import KNOWN_PARAMETERS, Step, hidden, shown_parameters, shown_token
from providers.vinli.oauth.auth import TokenResponse

SECRET = "a-secret-that-must-not-stand-there"


@pytest.mark.parametrize("name", [*KNOWN_PARAMETERS, "made_up", SECRET])
def test_no_value_is_repeated_whatever_its_name(name):
    shown = shown_parameters([(name, SECRET), ("x", SECRET), (SECRET, "y")])
    assert SECRET not in str(shown)


def test_a_registered_error_code_is_shown_and_no_other():
    assert shown_parameters([("error", "access_denied")]) == {"error": "access_denied"}
    assert shown_parameters([("error", SECRET)]) == {"error": "[not a registered code, 34 characters]"}


def test_repeated_and_unknown_parameters_are_told_by_their_number():
    pairs = [("code", "a"), ("code", "b"), ("one", "1"), ("two", "2"), ("state", "")]
    assert shown_parameters(pairs) == {
        "code": "[comes more than once]",
        "state": "[empty]",
        "others": "[2 more]",
    }


def test_a_token_response_is_shown_without_its_secrets():
    token = TokenResponse(SECRET, "Bearer", 60, "r" + SECRET, "s" + SECRET)
    shown = shown_token(token)
    assert SECRET not in str(shown)
    assert (shown["token_type"], shown["expires_in"]) == ("Bearer", "60")
    assert shown["refresh_token"] == hidden("r" + SECRET)


def test_a_step_survives_the_store_and_a_strange_one_is_refused():
    step = Step("callback", 12.5, status=400, sent={"code": "[hidden]"})
    step.fail("No.", "Look there.")
    assert Step.from_json(step.to_json()) == step
    assert step.id != Step("callback", 12.5).id
    with pytest.raises(TypeError):
        Step.from_json({**step.to_json(), "new_field": 1})
