"""Redirect URIs compared part by part: each difference by its name, and no text that breaks it."""

import random
import re

import pytest

from domain.redirect_uris import words
from domain.redirect_uris.comparing import compare, flaws, spelled

SENT = "https://cars.example.com/connect/callback"
LOCAL = "http://localhost:8000/connect/callback"

# (sent, registered, the codes of all differences)
DIFFERENT = [
    (SENT, "http://cars.example.com/connect/callback", {"scheme_http_https"}),
    (SENT, "HTTPS://cars.example.com/connect/callback", {"scheme_case"}),
    (SENT, "ftp://cars.example.com/connect/callback", {"other_scheme"}),
    (SENT, "javascript:alert(1)", {"other_scheme"}),
    (SENT, "li.vin.cars://connect/callback", {"custom_scheme"}),
    (SENT, "https://Cars.Example.com/connect/callback", {"host_case"}),
    (LOCAL, "http://127.0.0.1:8000/connect/callback", {"loopback_name"}),
    (LOCAL, "http://[::1]:8000/connect/callback", {"loopback_name"}),
    ("http://127.0.0.1:8000/x", "http://[::1]:8000/x", {"loopback_name"}),
    (SENT, "https://www.cars.example.com/connect/callback", {"www_prefix"}),
    (SENT, "https://cars.example.com./connect/callback", {"trailing_dot"}),
    ("https://xn--bcher-kva.example/x", "https://bücher.example/x", {"idn_spelling"}),
    ("http://127.0.0.1/x", "http://127.1/x", {"ip_spelling"}),
    ("http://127.0.0.1/x", "http://0x7f000001/x", {"ip_spelling"}),
    ("http://[::1]/x", "http://[0:0:0:0:0:0:0:1]/x", {"ip_spelling"}),
    (SENT, "https://bikes.example.com/connect/callback", {"other_host"}),
    (SENT, "https://cars.example.com:443/connect/callback", {"default_port"}),
    ("http://localhost/x", "http://localhost:80/x", {"default_port"}),
    (LOCAL, "http://localhost:9000/connect/callback", {"other_port"}),
    (LOCAL, "http://localhost/connect/callback", {"port_missing"}),
    (SENT, "https://cars.example.com:8443/connect/callback", {"port_missing"}),
    (SENT, "https://me@cars.example.com/connect/callback", {"userinfo"}),
    (SENT, "https://cars.example.com/Connect/Callback", {"path_case"}),
    (LOCAL, LOCAL.replace(":8000", ":08000"), {"port_spelling"}),
    *((SENT, SENT + end, {"pasted_end"}) for end in ('"', "'", ")", ",", ".", "%20", "%22", "\u201d", ".)", "`")),
    (SENT, SENT + '/"', {"pasted_end", "trailing_slash"}),
    (SENT, SENT + "/.", {"dot_segments", "trailing_slash"}),
    (SENT + "?a=b", SENT + "?a=b)", {"pasted_end"}),
    (SENT, SENT + "/", {"trailing_slash"}),
    ("https://cars.example.com", "https://cars.example.com/", {"trailing_slash"}),
    (SENT, "https://cars.example.com//connect/callback", {"doubled_slash"}),
    (SENT, "https://cars.example.com/connect/./callback", {"dot_segments"}),
    (SENT, "https://cars.example.com/app/../connect/callback", {"dot_segments"}),
    ("https://a.example/x%2Fy", "https://a.example/x%2fy", {"percent_case"}),
    ("https://a.example/~me", "https://a.example/%7Eme", {"needless_encoding"}),
    ("https://a.example/x%2Fy", "https://a.example/x%252Fy", {"double_encoding"}),
    ("https://a.example/x/y", "https://a.example/x%2Fy", {"encoded_character"}),
    ("https://a.example/x%20y", "https://a.example/x+y", {"blank_encoding"}),
    ("https://a.example/x%20y", "https://a.example/x y", {"blank_encoding"}),
    ("https://a.example/caf%C3%A9", "https://a.example/café", {"unencoded_character"}),
    (SENT, "https://cars.example.com/сonnect/callback", {"lookalike_letter"}),
    (SENT, "https://cars.example.com/%D1%81onnect/callback", {"lookalike_letter"}),
    (SENT, "https://cars.example.com/сonnect/callback/", {"lookalike_letter", "trailing_slash"}),
    (SENT, "https://cars.example.com／connect/callback".replace("／connect", "/ｃonnect"), {"lookalike_letter"}),
    (SENT, "https://саrs.example.com/connect/callback", {"lookalike_letter"}),
    (SENT, "https://xn--rs-6kc1e.example.com/connect/callback", {"lookalike_letter"}),
    (LOCAL, "http://0.0.0.0:8000/connect/callback", {"any_address"}),
    (LOCAL, "http://[::]:8000/connect/callback", {"any_address"}),
    (SENT, "https://cars.example.com/oauth", {"other_path"}),
    (SENT, "https://cars.example.com/connect", {"path_prefix"}),
    (SENT, SENT + "/vinli", {"path_prefix"}),
    (SENT + "?a=1&b=2", SENT + "?b=2&a=1", {"query_order"}),
    (SENT + "?a=1", SENT, {"query_parameter_missing"}),
    (SENT, SENT + "?a=1", {"query_parameter_added"}),
    (SENT + "?a=1&b=2", SENT + "?a=2&c=3", {f"query_parameter_{what}" for what in ("missing", "added", "different")}),
    (SENT + "?a=x%20y", SENT + "?a=x+y", {"blank_encoding"}),
    (SENT, SENT + "?", {"empty_query"}),
    (SENT, SENT + "#", {"fragment"}),
    (SENT, SENT + "#done", {"fragment"}),
    (SENT, f" {SENT}", {"surrounding_blanks"}),
    (SENT, f"{SENT}\n", {"invisible_characters"}),
    (SENT, SENT.replace("cars", "cars\u200b"), {"invisible_characters"}),
    (SENT, f"\ufeff{SENT}", {"invisible_characters"}),
    (SENT, SENT.replace("/connect/", "\\connect/"), {"backslash"}),
    (SENT, "https://*.example.com/connect/callback", {"wildcard"}),
    (SENT, "https://cars.example.com/connect/*", {"wildcard"}),
    (SENT, "http://cars.example.com:*/connect/callback", {"wildcard", "scheme_http_https"}),
    (SENT, "cars.example.com/connect/callback", {"not_absolute"}),
    (LOCAL, "localhost:8000/connect/callback", {"not_absolute"}),
    (SENT, "/connect/callback", {"not_absolute"}),
    (SENT, "", {"not_absolute"}),
    (SENT, "https://cars.example.com/" + "a" * 5000, {"too_long"}),
    # Several at once, each once.
    (SENT, "http://Cars.Example.com/connect/callback/", {"scheme_http_https", "host_case", "trailing_slash"}),
    (LOCAL, "http://127.0.0.1:9000/connect/Callback/", {"loopback_name", "other_port", "path_case", "trailing_slash"}),
    ("https://a.example/~me%2Fx", "https://a.example/%7Eme%2fx", {"needless_encoding", "percent_case"}),
    ("https://a.example/A%2F", "https://a.example/a%2f", {"path_case", "percent_case"}),
    (SENT, " https://WWW.cars.example.com:443/connect/callback?#", {
        "surrounding_blanks", "www_prefix", "default_port", "empty_query", "fragment"}),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "registered", "codes"), DIFFERENT)
def test_every_difference_is_named_once_and_no_other(sent, registered, codes):
    found = compare(sent, registered)
    assert sorted(one.code for one in found) == sorted(codes)
    for one in found:
        assert one.title
        assert "Developer Portal" in one.remedy
        assert len(one.sent) <= 200
        assert len(one.registered) <= 200


@pytest.mark.parametrize("text", [SENT, LOCAL, "", "\ud800", "\x00", "a" * 1_000_000])
def test_the_same_text_has_no_difference(text):
    assert compare(text, str(text)) == ()


def test_the_table_above_meets_every_code_but_the_last_resort():
    met = {code for _, _, codes in DIFFERENT for code in codes}
    assert set(words.DIFFERENCES) - met == {"other"}


def test_a_remedy_names_what_to_change_from_what_to_what():
    (slash,) = compare(SENT, SENT + "/")
    assert "change the path" in slash.remedy
    assert "from “/connect/callback/” to “/connect/callback”" in slash.remedy
    (port,) = compare(SENT, SENT.replace(".com", ".com:443"))
    assert "remove “:443” from" in port.remedy
    (port,) = compare(LOCAL, LOCAL.replace(":8000", ""))
    assert "add “:8000”" in port.remedy


def test_a_letter_of_another_alphabet_is_named_by_its_code_point():
    (found,) = compare(SENT, SENT.replace("/connect", "/сonnect"))
    assert "с U+0441 CYRILLIC SMALL LETTER ES" in found.words


def test_what_cannot_be_seen_is_shown_as_an_escape():
    (found,) = compare(SENT, f"{SENT}\r\n\u00a0\ud800\x00")
    assert r"\r\n\xa0\ud800\0" in found.registered
    assert found.registered.isprintable()
    assert found.words.isprintable()


@pytest.mark.parametrize(
    ("uri", "codes"),
    [
        (SENT, set()),
        (LOCAL, set()),
        ("http://127.0.0.1:8000/x", set()),
        ("http://[::1]:8000/x", set()),
        ("https://203.0.113.7/x?a=1", set()),
        ("", {"not_absolute"}),
        ("/connect/callback", {"not_absolute"}),
        ("cars.example.com/x", {"not_absolute"}),
        ("https:///x", {"broken_scheme"}),
        ("https:/cars.example.com/x", {"broken_scheme"}),
        ("https//cars.example.com/x", {"broken_scheme"}),
        ("https;//cars.example.com/x", {"broken_scheme"}),
        ("http://http://cars.example.com/x", {"doubled_scheme"}),
        ("https://http//cars.example.com/x", {"doubled_scheme"}),
        (f"{SENT}, {SENT}/", {"several_addresses"}),
        (f"{SENT};myapp://back", {"several_addresses"}),
        (f"{SENT}?next=https://cars.example.com/", set()),
        ("http://0.0.0.0:8000/x", {"any_address"}),
        ("https://[::]/x", {"any_address"}),
        ("https://cars.example.com/саllback", {"lookalike_letter"}),
        ("https://cars.example.com/café", set()),
        ("localhost:8000/x", {"not_absolute"}),
        (SENT + "#x", {"fragment"}),
        ("https://*.example.com/x", {"wildcard"}),
        ("https://cars.example.com:*/x", {"wildcard"}),
        ("https://me:pw@cars.example.com/x", {"userinfo"}),
        ("http://cars.example.com/x", {"plain_http"}),
        ("http://localhost.example.com/x", {"plain_http"}),
        ("javascript:alert(1)", {"script_scheme"}),
        ("JavaScript://cars.example.com/%0aalert(1)", {"script_scheme"}),
        ("data:text/html,x", {"script_scheme"}),
        ("li.vin.cars://back", {"custom_scheme"}),
        (f"{SENT} ", {"surrounding_blanks"}),
        (f"{SENT}\u00a0", {"invisible_characters"}),
        ("https://cars.example.com/\r\nX: y", {"invisible_characters"}),
        ("https://cars.example.com/a/../b", {"dot_segments"}),
        ("https://cars.example.com\\x", {"backslash"}),
        ("https://bücher.example/x", {"idn_spelling"}),
        ("https://[::1/x", {"bad_host"}),
        ("https://a b.example/x", {"bad_host"}),
        ("https://cars.example.com:99999/x", {"bad_port"}),
        *((f"https://cars.example.com{odd}8443/x", {"port_separator"}) for odd in ";,\uff1a\u2236\ua789"),
        ("http://127.0.0.1;8000/x", {"port_separator"}),
        ("https://cars.example.com/x:8443", {"port_behind_path"}),
        ("https://cars.example.com:8443/x:8443", set()),
        ("http://::1:8000/x", {"ipv6_brackets"}),
        *(
            (f"{before}https://cars.example.com/x", {"text_around"})
            for before in ('"', "'", "\u201c", "`", "(", "redirect_uri=", "URI: ", "GET ", "[x](", "uri:")
        ),
        ("<a href='https://cars.example.com/x'", {"text_around"}),
        ("https%3A%2F%2Fcars.example.com%2Fx", {"encoded_address"}),
        ("https%253A%252F%252Fcars.example.com", {"encoded_address"}),
        ("https://cars.example.com/xhttps://cars.example.com/x", {"several_addresses"}),
        ("https://cars.example.com/to/https://b.example/x", set()),
        ("https://cars.example.com:http/x", {"bad_port"}),
        ("https://cars.example.com/" + "a" * 2048, {"too_long"}),
    ],
)
def test_every_flaw_is_named(uri, codes):
    assert {flaw.code for flaw in flaws(uri)} == codes
    assert all(flaw.piece.isprintable() and len(flaw.piece) <= 200 for flaw in flaws(uri))


def test_a_text_for_a_person_is_never_longer_than_asked():
    assert spelled("a" * 50, 20) == "a" * 19 + "…"
    assert len(spelled("\x01" * 50, 20)) == 20
    assert spelled("short") == "short"


ALPHABET = [
    *"aA:/?#[]@!$&'()*+,;=.-_~%\\ \t\r\n\x00",
    *("http", "https", "://", "//", "xn--", "é", "\u00a0", "\u200b", "\ufeff", "\ud800", "\udfff", "%2F", "%2f"),
    *("%252F", "%7E", "localhost", "127.0.0.1", "[::1]", "www.", ":443", ":80", "../", "./", "?", "&a=1", "#"),
    *("٣", "0x7f"),
]  # fmt: skip


def random_text(rng):
    text = "".join(rng.choice(ALPHABET) for _ in range(rng.randrange(14)))
    return rng.choice(["", "https://cars.example.com/", "http://localhost:8000"]) + text


def test_no_two_texts_break_the_comparison_and_only_equal_ones_have_no_difference():
    rng = random.Random(20240411)
    for _ in range(8000):
        sent, registered = random_text(rng), random_text(rng)
        if rng.random() < 0.5:  # one small change
            place = rng.randrange(len(sent) + 1)
            registered = sent[:place] + rng.choice(ALPHABET) + sent[place + rng.randrange(2) :]
        found = compare(sent, registered)
        assert (found == ()) == (sent == registered), (sent, registered)
        assert len({(one.part, one.code) for one in found}) == len(found), (sent, registered)
        for text in (text for one in found for text in (one.words, one.remedy, one.sent, one.registered)):
            assert text.isprintable() or not text
            assert re.search("[\ud800-\udfff]", text) is None
        flaws(registered)


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "%",
        "%25",
        "/",
        "../",
        "\x00",
        "\ud800",
        "[",
        ":",
        "@",
        "&a=1",
        "é.",
        "\\",
        "*",
        " ",
        '"',
        ")",
        "%20",
        "%E2%80%9D",
    ],
)
def test_a_text_of_a_megabyte_is_no_burden(piece):
    long = "https://cars.example.com/?" + piece * (1_000_000 // len(piece))
    assert [one.code for one in compare(SENT, long)] == ["too_long"]
    assert [one.code for one in flaws(long)] == ["too_long"]
    short = "https://" + piece * (1900 // len(piece))
    assert compare(SENT, short)
