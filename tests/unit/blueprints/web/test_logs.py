import logging

import pytest

from blueprints.web.logs import LineFormatter, new_reference, scrub


@pytest.mark.parametrize(
    "text",
    [
        "GET /connect/callback?code=CANARY&x=1",
        "GET /cb?x=1&state=CANARY HTTP/1.1",
        "url http://h/?access_token=CANARY#frag",
        "redirect#access_token=CANARY",
        "https%3A//h/%3Fcode%3DCANARY",
        "{'code_verifier': 'CANARY', 'x': 1}",
        '{"access_token": "CANARY"}',
        "Authorization: Bearer CANARY",
        "Authorization: Basic CANARY",
        "/operator?link=CANARY",
    ],
)
def test_secrets_are_scrubbed_from_texts_of_others(text):
    assert "CANARY" not in scrub(text)
    assert "[hidden]" in scrub(text)


def test_ordinary_texts_stay():
    for text in (
        "GET /garage status=200",
        "is it there? yes, in /garage",
        "/garage or /connect?",
        "3/4 done",
    ):
        assert scrub(text) == text


@pytest.mark.parametrize(
    "query", ["a=1", "a b", "'\"<>", "\\n", "\x00\x1f\xff", "?", "a HTTP/1.1' status=200"]
)
def test_whatever_follows_the_question_mark_of_an_address_is_hidden(query):
    assert scrub(f"line: 'GET /a/b?{query}\nnext") == "line: 'GET /a/b?[hidden]\nnext"
    assert scrub(f"https://h/?{query}") == "https://h/?[hidden]"


def test_a_hidden_end_leaves_fields_well_formed():
    record = logging.LogRecord("x", logging.INFO, "f", 1, "m", (), None)
    record.fields = {"exception": 'first "line"\nGET /a?code="\\CANARY"\nlast', "n": 1}
    line = LineFormatter().format(record)
    assert line.endswith(r'exception="first \"line\"\nGET /a?[hidden]\nlast" n=1')


def test_a_line_stays_one_line_and_holds_no_control_characters():
    record = logging.LogRecord("x", logging.INFO, "f", 1, "evil\r\nINFO forged \x1b[31m \u202e", (), None)
    record.fields = {"path": "/a\nb\u2028"}
    line = LineFormatter().format(record)
    assert line.isprintable()
    assert "\\r\\n" in line


def test_references_can_be_read_aloud_and_differ():
    references = {new_reference() for _ in range(100)}
    assert len(references) == 100
    assert all(len(reference) == 14 and not set(reference) & set("01IOAEU") for reference in references)
