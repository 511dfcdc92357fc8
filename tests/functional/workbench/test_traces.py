"""Traces: every run leaves its steps, the failing one marked, and the reference on the driver's page finds it."""

from __future__ import annotations

import json
import re
import threading

import pytest

from store.traces import BUCKETS
from tests.support.browser import heading, problem_code, query_of
from tests.support.fake_vinli import ACCESS_TOKEN, TOKEN, USER, Hang
from tests.support.pages import Page
from tests.support.servers import http, json_reply
from tests.support.sites import on_both_stores

pytestmark = pytest.mark.functional

WHOLE = ["authorization_request", "callback", "token_request", "api_call"]


@pytest.fixture
def browser(local):
    with local.browser() as browser:
        yield browser


@pytest.fixture
def operator(local):
    with local.browser() as operator:
        operator.sign_in_as_operator()
        yield operator


def reference_on(response):
    return re.search(r"<code>([A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4})</code>", response.text)[1]


def trace_by_reference(operator, reference):
    """Return the trace that the search leads to, as JSON."""
    found = operator.get(f"/workbench/traces?reference={reference}")
    assert found.status_code == 302, heading(found)
    path = found.headers["Location"]
    assert operator.get(path).status_code == 200
    return operator.get(f"{path}.json").json()


def all_traces(operator):
    page = Page(operator.get("/workbench/traces").text)
    return [operator.get(f"{link}.json").json() for link in page.links if "/traces/" in link]


@on_both_stores
def test_a_good_sign_in_leaves_the_whole_ladder(local, browser, operator):
    # A Redis server is shared by tests.
    before = {trace["id"] for trace in all_traces(operator)}
    browser.connect_at_once()
    (trace,) = [trace for trace in all_traces(operator) if trace["id"] not in before]
    assert (trace["flow"], trace["outcome"], trace["failed_step"]) == ("connect", "worked", None)
    assert [step["name"] for step in trace["steps"]] == WHOLE
    assert [step["status"] for step in trace["steps"]] == [None, 302, 200, 200]
    assert trace["not_reached"] == []
    sent = trace["steps"][0]["sent"]
    assert (sent["redirect_uri"], sent["client_id"]) == (local.settings.redirect_uri, "the-client-id")
    received = trace["steps"][2]["received"]
    assert received == {"access_token": f"[hidden, {len(ACCESS_TOKEN)} characters]", "token_type": "Bearer"}


def test_a_run_that_nobody_came_back_from_is_there_too(browser, operator):
    browser.attempt()
    (trace,) = all_traces(operator)
    assert trace["outcome"] == "nobody came back yet"
    assert trace["not_reached"] == WHOLE[1:]
    page = operator.get(f"/workbench/traces/{trace['id']}")
    assert "Nobody came back" in page.text


# What comes back, or how the upstream answers; the problem's code, the step that failed, and a word of the advice.
FAILURES = {
    "denied": ({"error": "access_denied"}, {}, "access_denied", "callback", "pressed refuse"),
    "an error code": (
        {"error": "server_error"},
        {},
        "sign_in_refused",
        "callback",
        "anybody can write",
    ),
    "both": ({"error": "x", "code": "y"}, {}, "bad_callback", "callback", "both code and error"),
    "wrong secret": (
        {"code": "c"},
        {TOKEN: json_reply({"error": "invalid_client"}, 401)},
        "sign_in_refused",
        "token_request",
        "VINLI_CLIENT_SECRET",
    ),
    "old code": (
        {"code": "c"},
        {TOKEN: json_reply({"error": "invalid_grant"}, 400)},
        "sign_in_refused",
        "token_request",
        "used before",
    ),
    "no reason": (
        {"code": "c"},
        {TOKEN: http(403)},
        "sign_in_refused",
        "token_request",
        "no error code",
    ),
    "down": ({"code": "c"}, {TOKEN: http(500)}, "upstream_failed", "token_request", "server’s side"),
    "a page": (
        {"code": "c"},
        {TOKEN: http(200, b"<h1>Hello</h1>", content_type="text/html")},
        "upstream_invalid_response",
        "token_request",
        "RFC 6749",
    ),
    "token type": (
        {"code": "c"},
        {TOKEN: json_reply({"access_token": "t", "token_type": "JWT"})},
        "upstream_invalid_response",
        "token_request",
        "RFC 6749",
    ),
    "token refused": (
        {"code": "c"},
        {USER: http(401)},
        "sign_in_refused",
        "api_call",
        "a moment ago",
    ),
    "no user": ({"code": "c"}, {USER: json_reply({})}, "upstream_invalid_response", "api_call", ""),
}


@pytest.mark.parametrize("name", FAILURES)
def test_the_reference_of_a_failure_finds_its_trace(name, browser, operator, vinli):
    query, vinli.answers, code, failed_step, advice = FAILURES[name]
    page = browser.come_back(**query)
    assert problem_code(page) == code
    trace = trace_by_reference(operator, reference_on(page))
    assert trace["failed_step"] == failed_step
    assert trace["reason"]
    assert advice in trace["advice"]
    assert trace["steps"][0]["name"] == "authorization_request"
    callback = next(step for step in trace["steps"] if step["name"] == "callback")
    assert callback["status"] == page.status_code


@pytest.mark.parametrize("spelled", ["{}", " {} ", "{lower}", "{plain}"])
def test_a_reference_may_be_typed_as_people_do(spelled, browser, operator):
    reference = reference_on(browser.come_back(error="access_denied"))
    typed = spelled.format(reference, lower=reference.lower(), plain=reference.replace("-", ""))
    assert trace_by_reference(operator, typed)["references"] == [reference]


def test_a_callback_of_no_run_of_ours_has_a_trace_of_its_own(browser, operator):
    page = browser.get("/connect/callback?code=a-code&state=made-up&session_state=1&what=ever")
    trace = trace_by_reference(operator, reference_on(page))
    assert trace["outcome"] == "no run of ours"
    sent = trace["steps"][0]["sent"]
    assert sent == {
        "code": "[hidden, 6 characters]",
        "state": "[hidden, 7 characters]",
        "session_state": "[hidden, 1 characters]",
        "others": "[1 more]",
    }


def test_somebody_elses_browser_writes_nothing_into_a_trace(local, browser, operator):
    _, callback = browser.attempt()
    with local.browser() as stranger:
        page = stranger.get(f"{callback}&code=x")
    assert trace_by_reference(operator, reference_on(page))["outcome"] == "no run of ours"
    assert browser.get(f"{callback}&code=x").status_code == 302
    assert sorted(trace["outcome"] for trace in all_traces(operator)) == ["no run of ours", "worked"]


def test_a_reload_is_a_step_of_the_same_run_and_not_its_cause(browser, operator, vinli):
    vinli.answers[TOKEN] = http(500)
    _, callback = browser.attempt()
    references = [reference_on(browser.get(f"{callback}&code=x")) for _ in range(2)]
    (trace,) = all_traces(operator)
    assert trace["references"] == references
    assert [step["name"] for step in trace["steps"]] == [*WHOLE[:3], "callback"]
    assert [step["standing"] for step in trace["steps"]] == ["good", "good", "failed", "repeated"]
    assert (trace["failed_step"], trace["reason"]) == ("token_request", "The server failed (status 500).")
    assert trace_by_reference(operator, references[1]) == trace


def test_many_reloads_keep_how_it_began_and_how_it_stands(browser, operator, vinli):
    vinli.answers[TOKEN] = http(500)
    _, callback = browser.attempt()
    references = [reference_on(browser.get(f"{callback}&code=x")) for _ in range(30)]
    (trace,) = all_traces(operator)
    assert len(trace["steps"]) == 24
    assert [step["name"] for step in trace["steps"][:3]] == WHOLE[:3]
    assert trace["not_reached"] == ["api_call"]
    for reference in (references[0], references[-1]):
        assert trace_by_reference(operator, reference) == trace


def test_a_callback_that_met_no_room_is_found_after_the_next_one_worked(local, browser, operator):
    _, callback = browser.attempt()
    slots = local.settings.upstream_slots
    for _ in range(slots):
        local.services.bulkhead.enter()
    page = browser.get(f"{callback}&code=x")
    for _ in range(slots):
        local.services.bulkhead.leave()
    assert page.status_code == 503
    assert browser.get(f"{callback}&code=x").status_code == 302
    trace = trace_by_reference(operator, reference_on(page))
    assert (trace["outcome"], trace["failed_step"]) == ("worked", None)
    assert [step["name"] for step in trace["steps"]].count("callback") == 2


def test_twin_callbacks_write_beside_each_other(local, browser, operator, vinli):
    hang = Hang()
    vinli.answers[TOKEN] = lambda request: (hang(None), json_reply({"error": "invalid_grant"}, 400))[1]
    _, callback = browser.attempt()
    pages = []

    def come_back():
        pages.append(browser.get(f"{callback}&code=x"))

    twins = [threading.Thread(target=come_back) for _ in range(2)]
    twins[0].start()
    hang.waiting.acquire(timeout=10)
    twins[1].start()
    hang.release()
    for twin in twins:
        twin.join()
    (trace,) = all_traces(operator)
    assert trace["failed_step"] == "token_request"
    assert sorted(trace["references"]) == sorted(map(reference_on, pages))
    assert [step["name"] for step in trace["steps"]].count("callback") == 2


def test_a_query_that_cannot_be_read_belongs_to_its_run_all_the_same(local_site, vinli):
    local = local_site(vinli.origin, VINLI_ISSUER="https://auth.example")
    with local.browser() as browser, local.browser() as operator:
        operator.sign_in_as_operator()
        page = browser.come_back(code="c", iss="https://another.example")
        assert problem_code(page) == "wrong_issuer"
        trace = trace_by_reference(operator, reference_on(page))
        assert (trace["outcome"], trace["failed_step"]) == ("failed", "callback")
        assert len(all_traces(operator)) == 1


@pytest.mark.parametrize("code", ["invalid_client", "invalid_grant"])
def test_an_error_that_anybody_can_write_blames_no_setting(code, browser, operator):
    trace = trace_by_reference(operator, reference_on(browser.come_back(error=code)))
    assert "cannot come with a redirect" in trace["advice"]
    assert "VINLI_CLIENT_SECRET" not in trace["advice"]


def test_a_clock_that_is_set_back_meanwhile_makes_no_negative_times(local, browser, operator, vinli):
    def answer(request):
        local.clock.advance(-3600)
        return json_reply({"error": "invalid_grant"}, 400)

    vinli.answers[TOKEN] = answer
    browser.come_back(code="c")
    (trace,) = all_traces(operator)
    assert all(step["ms"] is None or step["ms"] >= 0 for step in trace["steps"])


def test_a_reload_after_a_good_sign_in_leaves_it_good(browser, operator):
    _, callback = browser.attempt()
    browser.get(f"{callback}&code=x")
    for _ in range(3):
        browser.get(f"{callback}&code=x")
    (trace,) = all_traces(operator)
    assert (trace["outcome"], len(trace["steps"])) == ("worked", 4)


def test_traces_go_after_a_day(local, browser):
    browser.come_back(error="access_denied")
    assert len(local.services.traces.latest()) == 1
    local.clock.advance(24 * 3600)
    assert local.services.traces.latest() == []


def test_a_reference_that_no_trace_has_is_said_to_be_unknown(operator):
    assert "No trace has this reference" in operator.get("/workbench/traces?reference=AAAA-BBBB-CCCC").text


def test_a_storm_of_strangers_leaves_a_failure_findable(local, browser, operator, vinli):
    vinli.answers[TOKEN] = http(500)
    reference = reference_on(browser.come_back(code="c"))
    with local.browser(address="203.0.113.9") as stranger:
        for number in range(BUCKETS["refused"] // 2):
            stranger.get(f"/connect/callback?code=x&state={number}")
            stranger.come_back(error="server_error")
    assert trace_by_reference(operator, reference)["outcome"] == "failed"


def test_an_operator_goes_from_an_error_page_to_its_trace(operator):
    page = operator.come_back(error="access_denied")
    link = next(link for link in Page(page.text).links if "reference=" in link)
    assert operator.get(link).status_code == 302


def test_a_driver_is_not_led_to_traces(browser):
    assert "workbench" not in browser.come_back(error="access_denied").text


@pytest.mark.parametrize("trace_id", ["x", "0" * 16, "%00", "a" * 300, "<b>", "é"])
def test_an_unknown_trace_is_a_page(trace_id, operator):
    for suffix in ("", ".json", ".har"):
        page = operator.get(f"/workbench/traces/{trace_id}{suffix}")
        assert page.status_code == 404


@pytest.mark.parametrize(
    "path", ["", "/traces", "/traces/0", "/traces/0.json", "/catch", "/drivers", "/compose", "/preflight"]
)
def test_nobody_but_the_operator_gets_in(path, browser):
    page = browser.get(f"/workbench{path}")
    assert (page.status_code, heading(page)) == (401, "Operator sign-in")


def test_without_an_operator_there_is_no_workbench(local_site, vinli):
    with local_site(vinli.origin, OPERATOR_PASSWORD="").browser() as browser:
        for path in ("", "/traces", "/catch", "/compose"):
            assert browser.get(f"/workbench{path}").status_code == 404


def test_a_store_that_fails_takes_a_trace_and_not_the_sign_in(local, browser, monkeypatch):
    from store.base import StoreUnavailable

    def fail(*_):
        raise StoreUnavailable("no traces today")

    monkeypatch.setattr(local.services.traces, "keep", fail)
    browser.connect_at_once()
    assert browser.is_connected()


def test_a_trace_as_an_archive_is_what_tools_expect(browser, operator, vinli):
    vinli.answers[TOKEN] = json_reply({"error": "invalid_client"}, 401)
    page = browser.come_back(code="c")
    path = operator.get(f"/workbench/traces?reference={reference_on(page)}").headers["Location"]
    answer = operator.get(f"{path}.har")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=trace-")
    log = json.loads(answer.text)["log"]
    assert (log["version"], log["creator"]["name"]) == ("1.2", "Vinli Connect")
    required = {"startedDateTime", "time", "request", "response", "cache", "timings"}
    for entry in log["entries"]:
        assert required <= entry.keys()
        assert {
            "method",
            "url",
            "httpVersion",
            "cookies",
            "headers",
            "queryString",
            "headersSize",
            "bodySize",
        } <= entry["request"].keys()
        assert {
            "status",
            "statusText",
            "httpVersion",
            "cookies",
            "headers",
            "content",
            "redirectURL",
        } <= entry["response"].keys()
    token = log["entries"][2]
    assert (token["request"]["method"], token["response"]["status"]) == ("POST", 401)
    assert {field["name"] for field in token["request"]["postData"]["params"]} >= {
        "grant_type",
        "code_verifier",
    }


def test_a_run_of_the_workbench_leaves_the_whole_ladder(site):
    with site.browser(2) as operator:
        operator.sign_in_as_operator()
        url = operator.composed_url()
        caught = operator.open(operator.authorize(url))
        token = operator.submit(caught, "/workbench/exchange")
        assert "The code was exchanged" in token.text
        link = next(link for link in Page(token.text).links if "/traces/" in link)
        trace = operator.get(f"{link}.json").json()
    assert (trace["flow"], trace["outcome"]) == ("workbench", "worked")
    assert [step["name"] for step in trace["steps"]] == WHOLE
    assert trace["steps"][0]["sent"]["client_id"] == query_of(url)["client_id"]


def test_traces_are_a_table_that_is_filtered_by_outcome_and_kind(browser, operator):
    browser.connect_at_once()
    browser.get("/connect")
    browser.get("/connect/callback?code=x&state=made-up")

    def rows(query=""):
        return operator.get(f"/workbench/traces{query}").text.count('<th scope="row">')

    assert rows() == rows("?outcome=All&kind=nonsense") == 3
    assert rows("?outcome=Worked") == rows("?outcome=Not+ended") == rows("?outcome=No+run+of+ours") == 1
    assert rows("?kind=Workbench") == 0
    page = operator.get("/workbench/traces?outcome=Failed")
    assert rows("?outcome=Failed") == 0
    assert "No run is like that" in page.text
    assert "<option selected>Failed</option>" in page.text


def test_a_trace_in_the_table_says_when_it_began_and_how_long_it_took(local, operator, browser):
    browser.get("/connect")
    waiting = operator.get("/workbench/traces").text
    assert '<td class="number">–</td>' in waiting
    browser.connect_at_once()
    worked = operator.get("/workbench/traces?outcome=Worked").text
    assert re.search(r'<td class="number">\d+\.\d', worked)
    assert re.search(r">\d{4}-\d\d-\d\d \d\d:\d\d:\d\d</time>", worked)
