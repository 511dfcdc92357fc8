import pytest

from providers.vinli.oauth.callback import BadCallback, CallbackQuery


def reason_for(*pairs, issuer=None):
    with pytest.raises(BadCallback) as caught:
        CallbackQuery.from_pairs(pairs, issuer)
    return caught.value.reason


def test_a_code_with_its_state():
    query = CallbackQuery.from_pairs([("code", "c"), ("state", "s")])
    assert (query.state, query.code, query.error) == ("s", "c", None)


def test_an_error_with_its_state():
    query = CallbackQuery.from_pairs(
        [("error", "access_denied"), ("error_description", "nö"), ("state", "s")]
    )
    assert (query.state, query.code, query.error) == ("s", None, "access_denied")


def test_what_is_not_known_is_ignored_even_twice():
    pairs = [
        ("state", "s"),
        ("code", "c"),
        ("scope", "a"),
        ("scope", "b"),
        ("iss", "x"),
        ("iss", "é"),
        ("é", "\x00"),
    ]
    assert CallbackQuery.from_pairs(pairs).code == "c"


@pytest.mark.parametrize("name", ["state", "code", "error"])
def test_a_parameter_may_not_come_twice(name):
    assert reason_for((name, "a"), ("state", "s"), ("code", "c"), (name, "a")) == "repeated"
    assert reason_for(("state", "s"), ("code", "c"), (name, ""), (name, "")) == "repeated"


@pytest.mark.parametrize("name", ["error_description", "error_uri"])
def test_texts_that_decide_nothing_may_come_twice(name):
    query = CallbackQuery.from_pairs([("state", "s"), ("code", "c"), (name, "a"), (name, "\u20ac")])
    assert (query.state, query.code) == ("s", "c")


@pytest.mark.parametrize("before", ["?", " ", "\ufeff", "??"])
def test_something_before_the_first_name_is_named(before):
    assert reason_for((f"{before}state", "s"), ("code", "c")) == "renamed"
    assert reason_for((f"{before}code", "c"), ("state", "s")) == "renamed"


@pytest.mark.parametrize("name", ["state", "code", "error"])
@pytest.mark.parametrize("value", ["é", "a\n", "a\x00b", "\x7f", "\ud800"])
def test_values_that_cannot_be(name, value):
    pairs = {"state": "s", "code": "c"} | {name: value}
    assert reason_for(*pairs.items()) == "malformed"


def test_an_error_holds_no_quote_and_no_backslash():
    assert reason_for(("state", "s"), ("error", 'a"b')) == "malformed"
    assert reason_for(("state", "s"), ("error", "a\\b")) == "malformed"


@pytest.mark.parametrize(
    "pairs",
    [
        [("state", "s"), ("code", "x" * 3000)],
        [("state", "s"), ("code", "x" * 16_000)],
        [
            ("state", "s"),
            ("error", "access_denied"),
            ("error_description", "é" * 5000),
            ("error_uri", "\\" * 99),
        ],
        [("state", "s" * 8000), ("code", "x" * 8000)],
        [("state", "s"), ("code", "c"), ("more", "x" * 16_000)],
    ],
)
def test_no_parameter_has_a_limit_of_its_own(pairs):
    assert CallbackQuery.from_pairs(pairs).state == pairs[0][1]


@pytest.mark.parametrize(
    ("pairs", "longest"),
    [
        ([("state", "s"), ("code", "x" * 17_000)], "code"),
        ([("state", "s"), ("error", "e"), ("error_description", "x" * 17_000)], "error_description"),
        ([("state", "s"), ("code", "x" * 9000), ("more", "x" * 9001)], "another parameter"),
        ([("state", "s"), ("code", "c"), *[("a", "b")] * 9000], "state"),
    ],
)
def test_the_whole_response_is_limited_and_the_longest_part_named(pairs, longest):
    with pytest.raises(BadCallback) as caught:
        CallbackQuery.from_pairs(pairs)
    assert (caught.value.reason, caught.value.longest) == ("too_long", longest)


@pytest.mark.parametrize(
    ("pairs", "reason"),
    [
        ([("code", "c"), ("amp;state", "s")], "escaped"),
        ([("state", "s"), ("amp;code", "c")], "escaped"),
        ([("error", "e"), ("AMP;state", "s")], "escaped"),
        ([("code", "c"), ("STATE", "s")], "renamed"),
        ([("CODE", "c"), ("STATE", "s")], "renamed"),
        ([("state", "s"), ("Error", "e")], "renamed"),
    ],
)
def test_changed_names_are_told_apart_from_missing_ones(pairs, reason):
    assert reason_for(*pairs) == reason


def test_changed_names_beside_the_right_ones_change_nothing():
    pairs = [("state", "s"), ("code", "c"), ("amp;x", "y"), ("STATE", "z")]
    assert CallbackQuery.from_pairs(pairs).state == "s"


@pytest.mark.parametrize(
    ("pairs", "reason"),
    [
        ([], "no_query"),
        ([("scope", "a")], "empty"),
        ([("state", "s")], "empty"),
        ([("state", "s"), ("code", "")], "empty"),
        ([("code", "c")], "no_state"),
        ([("code", "c"), ("state", "")], "no_state"),
        ([("error", "access_denied")], "no_state"),
        ([("state", "s"), ("code", "c"), ("error", "e")], "both"),
    ],
)
def test_what_is_missing_or_too_much(pairs, reason):
    assert reason_for(*pairs) == reason


def test_a_configured_issuer_must_be_the_one_that_answers():
    pairs = [("state", "s"), ("code", "c")]
    assert CallbackQuery.from_pairs([*pairs, ("iss", "https://a")], issuer="https://a").code == "c"
    assert reason_for(*pairs, issuer="https://a") == "issuer"
    assert reason_for(*pairs, ("iss", "https://b"), issuer="https://a") == "issuer"
    assert reason_for(*pairs, ("iss", "https://a"), ("iss", "https://a"), issuer="https://a") == "repeated"


def test_neither_code_nor_state_shows_itself():
    assert "secret" not in repr(CallbackQuery.from_pairs([("state", "secret"), ("code", "secret")]))
