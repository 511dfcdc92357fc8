"""Traces as HTTP archives, read by a library that other people use."""

from urllib.parse import parse_qsl, urlsplit

from haralyzer import HarEntry, HarParser

from domain.oauth_runs.files import trace_as_har
from domain.oauth_runs.steps import Step
from domain.oauth_runs.trace import Trace

SENT = {"client_id": "a b", "state": "[hidden, 7 characters]"}


def trace():
    steps = [
        Step("authorization_request", 12.5, method="GET", url="https://auth.example/new", sent=SENT),
        Step(
            "token_request",
            13.5,
            method="POST",
            url="https://auth.example/oauth/token",
            status=200,
            sent={"Authorization": "Basic [hidden]", "grant_type": "authorization_code", "code": "[hidden]"},
            received={"access_token": "[hidden]", "token_type": "Bearer"},
            ms=30,
        ),
        Step("api_call", 14.5, method="GET", url="https://auth.example/me", status=204, ms=5),
    ]
    found = Trace(None, "the-id", "connect", 12.5)
    found.steps += steps
    return found


def test_a_reader_of_archives_finds_everything():
    parser = HarParser(trace_as_har(trace()))
    first, second, third = parser.har_data["entries"]
    (page,) = parser.pages
    assert len(page.entries) == 3
    assert dict(parse_qsl(urlsplit(first["request"]["url"]).query)) == SENT
    assert dict(parse_qsl(second["request"]["postData"]["text"])) == {
        "grant_type": "authorization_code",
        "code": "[hidden]",
    }
    assert [one["name"] for one in second["request"]["postData"]["params"]] == ["grant_type", "code"]
    assert "Bearer" in second["response"]["content"]["text"]
    assert third["response"]["content"]["text"] == ""
    assert all(isinstance(one["response"]["content"]["size"], int) for one in (first, second, third))


def test_a_reader_of_entries_finds_everything():
    first, second, third = (HarEntry(one) for one in trace_as_har(trace())["log"]["entries"])
    assert first.request.url.startswith("https://auth.example/new?client_id=")
    assert second.request.text == "grant_type=authorization_code&code=%5Bhidden%5D"
    assert second.response.text
    assert third.response.text == ""
    assert second.request.mimeType == "application/x-www-form-urlencoded"
