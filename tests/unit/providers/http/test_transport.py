import gzip
import json
import logging
import threading

import pytest

from providers.errors import (
    Forbidden,
    InvalidResponse,
    NotFound,
    ProviderError,
    Refused,
    ServerFailed,
    Throttled,
    TimedOut,
    Unauthorized,
    Unreachable,
)
from providers.http.auth import BasicAuth, BearerAuth
from tests.support.servers import CLOSE, http, in_turn, json_reply


def get(transport, server, path="/thing", **options):
    return transport.request("test", "GET", server.origin + path, **options)


def post(transport, server, path="/thing", **options):
    return transport.request("test", "POST", server.origin + path, **options)


def test_an_answer_comes_whole(serve, make_transport):
    server = serve(lambda _: json_reply({"a": 1}, X_Id="7"))
    answer = get(make_transport(server.origin), server)
    assert (answer.status, answer.json(), answer.headers["x-id"]) == (200, {"a": 1}, "7")


def test_a_request_carries_what_it_was_given(serve, make_transport):
    server = serve(lambda _: json_reply({}))
    transport = make_transport(server.origin, user_agent="tester/1")
    get(transport, server, params={"limit": 5}, auth=BearerAuth("abc"), headers={"X-Extra": "1"})
    post(transport, server, form={"a": "b c&d", "e": "ü"}, auth=BasicAuth("id", "secret"))
    post(transport, server, json={"a": 1})
    first, second, third = server.received
    assert first.query == {"limit": "5"}
    assert first.headers["authorization"] == "Bearer abc"
    assert first.headers["accept"] == "application/json"
    assert (first.headers["user-agent"], first.headers["x-extra"]) == ("tester/1", "1")
    assert second.form == {"a": "b c&d", "e": "ü"}
    assert second.headers["content-type"] == "application/x-www-form-urlencoded"
    assert json.loads(third.body) == {"a": 1}


def test_connections_are_kept_and_reused(serve, make_transport):
    server = serve(in_turn(json_reply({}), json_reply({}, 404), json_reply({})))
    transport = make_transport(server.origin)
    get(transport, server)
    with pytest.raises(NotFound):
        get(transport, server)
    get(transport, server)
    assert server.connections == 1


def test_chunked_answers_are_read_and_their_connection_reused(serve, make_transport):
    chunked = http(length=False, Transfer_Encoding="chunked") + b'5\r\n{"a":\r\n2\r\n1}\r\n0\r\n\r\n'
    server = serve(lambda _: chunked)
    transport = make_transport(server.origin)
    assert get(transport, server).json() == get(transport, server).json() == {"a": 1}
    assert server.connections == 1


def test_requests_at_once_all_find_their_connection_again(serve, make_transport):
    together = threading.Barrier(8)

    def respond(received):
        if received.path == "/together":
            together.wait(10)
        return json_reply({"path": received.target})

    server = serve(respond)
    transport = make_transport(server.origin)
    for _ in range(2):
        threads = [threading.Thread(target=get, args=(transport, server, "/together")) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert server.connections == 8


def test_only_allowed_origins_are_called(serve, make_transport):
    server, other = serve(lambda _: json_reply({})), serve(lambda _: json_reply({}))
    transport = make_transport(server.origin)
    with pytest.raises(ValueError, match="not an allowed origin"):
        get(transport, other, auth=BearerAuth("abc"))
    with pytest.raises(ValueError, match="not an allowed origin"):
        transport.warm(other.origin)
    assert other.connections == 0


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refused),
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (409, Refused),
        (429, Throttled),
        (500, ServerFailed),
        (503, ServerFailed),
        (599, ServerFailed),
        (666, InvalidResponse),
    ],
)
def test_a_status_becomes_its_error(serve, make_transport, status, kind):
    server = serve(lambda _: json_reply({"error": "invalid_grant", "error_description": "no"}, status))
    with pytest.raises(kind) as caught:
        post(make_transport(server.origin), server, "/a?code=secret")
    error = caught.value
    assert type(error) is kind
    assert (error.status, error.error, error.error_description) == (status, "invalid_grant", "no")
    assert (error.provider, error.method, error.url) == ("test", "POST", server.origin + "/a")
    assert "secret" not in str(error)


@pytest.mark.parametrize(
    "reply",
    [
        http(400, b"", content_type=None),
        http(400, b"<html>", content_type="text/html"),
        http(400, b"{not json"),
        http(400, b"[]"),
        http(400, b'{"error": 5}'),
        http(400, b'{"error": "<script>\\u0007"}'),
        http(400, b'{"error": "a\\"b"}'),
        http(400, json.dumps({"error": "x" * 101}).encode()),
        http(400, b'{"error": "%s"}' % (b"x" * 70_000)),
    ],
)
def test_an_error_that_is_not_of_the_rfc_is_left_out(serve, make_transport, reply):
    server = serve(lambda _: reply)
    with pytest.raises(Refused) as caught:
        get(make_transport(server.origin), server)
    assert caught.value.error is None


@pytest.mark.parametrize("status", [301, 302, 303, 304, 307, 308])
def test_redirects_are_invalid_and_nobody_follows(serve, make_transport, status):
    other = serve(lambda _: json_reply({"access_token": "stolen"}))
    server = serve(lambda _: http(status, b"x" * 1000, Location=f"{other.origin}/take"))
    transport = make_transport(server.origin, other.origin)
    with pytest.raises(InvalidResponse, match="redirect") as caught:
        post(transport, server, form={"code": "c"}, auth=BasicAuth("a", "b"))
    assert caught.value.status == status
    assert other.connections == 0


@pytest.mark.parametrize("body", [b'"' + b"x" * 2_000 + b'"', gzip.compress(b'"' + b"x" * 5_000_000 + b'"')])
def test_a_body_is_capped_after_decompression(serve, make_transport, body):
    encoding = {"Content_Encoding": "gzip"} if body.startswith(b"\x1f\x8b") else {}
    server = serve(lambda _: http(200, body, **encoding))
    with pytest.raises(InvalidResponse, match="too large"):
        get(make_transport(server.origin), server, max_bytes=1_000)


def test_an_endless_body_is_capped(serve, make_transport):
    def pour(sock):
        sock.sendall(http(length=False, Connection="close"))
        while True:
            sock.sendall(b"x" * 65_536)

    server = serve(lambda _: pour)
    with pytest.raises(InvalidResponse, match="too large"):
        get(make_transport(server.origin), server)


def test_a_body_as_large_as_allowed_comes_through_compressed_too(serve, make_transport):
    body = json.dumps("x" * 998).encode()
    server = serve(in_turn(http(200, body), http(200, gzip.compress(body), Content_Encoding="gzip")))
    transport = make_transport(server.origin)
    assert get(transport, server, max_bytes=1_000).json() == get(transport, server, max_bytes=1_000).json()
    assert server.connections == 1


@pytest.mark.parametrize(
    "reply",
    [
        http(200, b"{}", content_type="text/html"),
        http(200, b"{}", content_type=None),
        http(200, b"{"),
        http(200, b'{"a": 1, "a": 2}'),
        http(200, b"\xff"),
        http(204),
        http(200, b"nonsense", Content_Encoding="gzip"),
    ],
)
def test_what_is_no_json_is_invalid(serve, make_transport, reply):
    server = serve(lambda _: reply)
    with pytest.raises(InvalidResponse):
        get(make_transport(server.origin), server).json()


@pytest.mark.parametrize(
    "reply",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nabcdef",
    ],
)
def test_what_is_no_http_is_invalid(serve, make_transport, reply):
    server = serve(lambda _: reply)
    with pytest.raises(InvalidResponse):
        post(make_transport(server.origin), server)


def test_a_body_that_breaks_off_is_never_taken_for_whole(serve, make_transport):
    cut = http(200, b'{"a": 1}').replace(b"Content-Length: 8", b"Content-Length: 80")
    chunked = http(length=False, Transfer_Encoding="chunked") + b"5\r\n[1,2]\r\n"
    for reply in (cut, chunked):
        server = serve(lambda _, reply=reply: lambda sock: sock.sendall(reply))
        with pytest.raises(Unreachable):
            post(make_transport(server.origin), server)


def test_nothing_listens(serve, make_transport):
    server = serve(lambda _: CLOSE)
    server.close()
    with pytest.raises(Unreachable):
        get(make_transport(server.origin), server)


def test_upstream_cookies_are_not_taken_in(serve, make_transport):
    server = serve(lambda _: json_reply({}, Set_Cookie="driver=one; Path=/"))
    transport = make_transport(server.origin)
    get(transport, server)
    get(transport, server)
    assert "cookie" not in server.received[1].headers


def test_the_environment_changes_nothing(serve, make_transport, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password eve\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    server = serve(lambda _: json_reply({}))
    transport = make_transport(server.origin)
    get(transport, server, auth=BearerAuth("abc"))
    get(transport, server)
    assert [request.headers.get("authorization") for request in server.received] == ["Bearer abc", None]


def test_one_line_is_logged_and_it_tells_no_secret(serve, make_transport, caplog):
    caplog.set_level(logging.DEBUG, "providers")
    server = serve(in_turn(json_reply({"token": "canary"}), json_reply({"error": "canary"}, 400)))
    transport = make_transport(server.origin)
    post(transport, server, "/a?x=canary", form={"code": "canary"}, auth=BearerAuth("canary"))
    with pytest.raises(Refused):
        post(transport, server, "/b?x=canary", headers={"X-Key": "canary"})
    place = server.origin.removeprefix("http://")
    assert [record.getMessage() for record in caplog.records] == [
        f"test POST {place}/a 200 0 ms",
        f"test POST {place}/b 400 0 ms",
    ]


# Time


def test_a_silent_host_times_out(serve, make_transport):
    silent = threading.Event()
    server = serve(lambda _: lambda sock: silent.wait(10))
    with pytest.raises(TimedOut):
        get(make_transport(server.origin, timeout=(3.0, 0.05)), server)
    silent.set()
    assert len(server.received) == 1


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\nX: ", http(200, length=False, Connection="close")])
def test_a_dripping_answer_does_not_outlive_the_deadline(serve, make_transport, clock, start):
    def drip(sock):
        sock.sendall(start)
        while True:
            clock.advance(0.5)
            sock.sendall(b"x")

    server = serve(lambda _: drip)
    with pytest.raises(TimedOut):
        get(make_transport(server.origin), server, max_bytes=10**9)


def test_endless_interim_answers_do_not_outlive_the_deadline(serve, make_transport, clock):
    def go_on(sock):
        while True:
            clock.advance(0.5)
            sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    server = serve(lambda _: go_on)
    with pytest.raises(TimedOut):
        get(make_transport(server.origin), server)


def test_a_call_may_have_a_deadline_of_its_own(serve, make_transport, clock):
    server = serve(lambda _: http(503, Retry_After="3"))
    with pytest.raises(ServerFailed):
        get(make_transport(server.origin), server, deadline=2.0)
    assert clock.naps == []


def test_a_resolver_that_hangs_does_not_hang_the_call(make_transport, monkeypatch):
    hung = threading.Event()

    def hang(*_args, **_options):
        hung.wait(10)
        return []

    monkeypatch.setattr("socket.getaddrinfo", hang)
    transport = make_transport("https://auth.vin.li", timeout=(0.05, 1.0))
    with pytest.raises(TimedOut):
        transport.request("test", "POST", "https://auth.vin.li/oauth/token")
    hung.set()


def test_a_name_that_does_not_exist_is_unreachable(make_transport):
    transport = make_transport("http://does-not-exist.localhost:9")
    with pytest.raises(Unreachable):
        transport.request("test", "POST", "http://does-not-exist.localhost:9/")


# Repeats


@pytest.mark.parametrize("failing", [http(502), http(503), http(504)])
def test_a_get_is_repeated_on_what_may_pass(serve, make_transport, clock, failing):
    server = serve(in_turn(failing, failing, json_reply({})))
    assert get(make_transport(server.origin), server).status == 200
    assert clock.naps == [0.1, 0.2]


def test_it_stops_after_two_repeats(serve, make_transport):
    server = serve(lambda _: http(503))
    with pytest.raises(ServerFailed):
        get(make_transport(server.origin), server)
    assert len(server.received) == 3


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 501])
def test_what_will_not_pass_is_not_repeated(serve, make_transport, status):
    server = serve(lambda _: http(status))
    with pytest.raises((Refused, Throttled, ServerFailed)):
        get(make_transport(server.origin), server)
    assert len(server.received) == 1


def test_a_post_is_repeated_only_when_the_caller_says_so(serve, make_transport):
    server = serve(in_turn(http(503), json_reply({})))
    transport = make_transport(server.origin)
    with pytest.raises(ServerFailed):
        post(transport, server)
    server.respond = in_turn(http(503), json_reply({}))
    assert post(transport, server, retry=True, form={"a": "b"}).status == 200
    assert [request.form for request in server.received[1:]] == [{"a": "b"}] * 2


def test_retry_after_is_waited_for_when_it_fits(serve, make_transport, clock):
    server = serve(in_turn(http(429, Retry_After="3"), json_reply({})))
    assert get(make_transport(server.origin), server).status == 200
    assert clock.naps == [pytest.approx(3.1)]


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_told_when_it_does_not_fit(serve, make_transport, clock, status):
    server = serve(lambda _: http(status, Retry_After="3600"))
    with pytest.raises((Throttled, ServerFailed)) as caught:
        get(make_transport(server.origin), server)
    assert caught.value.retry_after == 3600
    assert clock.naps == []


def test_retry_after_as_a_date_is_read_against_the_wall_clock(serve, make_transport, clock):
    server = serve(in_turn(http(429, Retry_After="Tue, 14 Nov 2023 22:13:25 GMT"), json_reply({})))
    get(make_transport(server.origin, wall_clock=lambda: 1_700_000_000.0), server)
    assert clock.naps == [pytest.approx(5.1)]


# The breaker


def test_a_service_that_keeps_failing_is_left_alone_for_a_while(serve, make_transport, clock):
    server = serve(lambda _: http(503))
    transport = make_transport(server.origin)
    fail(transport, server, 10)
    with pytest.raises(Unreachable, match="left alone") as caught:
        get(transport, server)
    assert 0 < caught.value.retry_after <= 5
    assert len(server.received) == 10
    clock.advance(5)
    server.respond = lambda _: json_reply({})
    assert get(transport, server).status == get(transport, server).status == 200


@pytest.mark.parametrize("reply", [http(502), http(503), http(504), CLOSE])
def test_what_says_that_the_host_is_down_counts(serve, make_transport, reply):
    server = serve(lambda _: reply)
    transport = make_transport(server.origin)
    fail(transport, server, 10)
    assert is_left_alone(transport, server)


@pytest.mark.parametrize("status", [500, 501])
def test_an_endpoint_that_fails_by_itself_takes_no_other_down(serve, make_transport, status):
    server = serve(lambda request: json_reply({}) if request.path == "/fine" else http(status))
    transport = make_transport(server.origin)
    fail(transport, server, 30)
    assert get(transport, server, "/fine").status == 200
    assert len(server.received) == 31


def test_an_endpoint_that_fails_by_itself_does_not_hide_that_the_host_goes_down(serve, make_transport):
    server = serve(in_turn(*[http(503), http(500)] * 10))
    transport = make_transport(server.origin)
    fail(transport, server, 19)
    assert is_left_alone(transport, server)


def test_a_probe_that_meets_a_broken_endpoint_finds_the_host_up(serve, make_transport, clock):
    server = serve(lambda _: http(503))
    transport = make_transport(server.origin)
    fail(transport, server, 10)
    clock.advance(5)
    server.respond = lambda request: json_reply({}) if request.path == "/fine" else http(500)
    fail(transport, server, 1)
    assert get(transport, server, "/fine").status == 200


@pytest.mark.parametrize(("deadline", "counts"), [(0.01, False), (None, True)])
def test_only_a_call_that_had_a_fair_chance_counts_as_timed_out(
    serve, make_transport, clock, deadline, counts
):
    def stall(sock):
        clock.advance(20)
        sock.sendall(b"H")
        return silent.wait(10)

    silent = threading.Event()
    server = serve(lambda _: stall)
    transport = make_transport(server.origin)
    for _ in range(10):
        with pytest.raises(TimedOut):
            post(transport, server, deadline=deadline)
    silent.set()
    server.respond = lambda _: json_reply({})
    assert is_left_alone(transport, server) == counts


def fail(transport, server, times):
    for _ in range(times):
        with pytest.raises((ServerFailed, Unreachable)) as caught:
            post(transport, server)
        assert "left alone" not in str(caught.value)


def is_left_alone(transport, server):
    try:
        post(transport, server)
    except ProviderError as failure:
        return "left alone" in str(failure)
    return False


def test_a_probe_is_one_request(serve, make_transport, clock):
    server = serve(lambda _: http(503))
    transport = make_transport(server.origin)
    for _ in range(10):
        with pytest.raises(ServerFailed):
            get(transport, server)
    assert len(server.received) == 30
    clock.advance(5)
    with pytest.raises(ServerFailed):
        get(transport, server)
    with pytest.raises(Unreachable, match="left alone"):
        get(transport, server)
    assert len(server.received) == 31


def test_one_failing_service_does_not_hold_up_another_on_the_same_origin(serve, make_transport):
    server = serve(lambda request: json_reply({}) if request.path == "/fine" else http(503))
    transport = make_transport(server.origin)
    fail(transport, server, 10)
    assert is_left_alone(transport, server)
    assert transport.request("other", "GET", server.origin + "/fine").status == 200


def test_refusals_do_not_count_as_failing(serve, make_transport):
    server = serve(lambda _: http(401))
    transport = make_transport(server.origin)
    for _ in range(12):
        with pytest.raises(Unauthorized):
            get(transport, server)
    assert len(server.received) == 12


# Looking at a page


def look(transport, server, path="/page", **options):
    return transport.fetch_raw("test", server.origin + path, **options)


@pytest.mark.parametrize("status", [200, 204, 400, 401, 404, 429, 500, 503])
def test_a_look_returns_any_status_and_asks_once(serve, make_transport, status):
    server = serve(lambda _: http(status, b"" if status == 204 else b"<p>words", content_type="text/html"))
    seen = look(make_transport(server.origin), server)
    assert (seen.status, seen.body) == (status, b"" if status == 204 else b"<p>words")
    assert not seen.is_cut
    assert len(server.received) == 1


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_a_look_returns_a_redirect_and_does_not_follow_it(serve, make_transport, status):
    other = serve(lambda _: http())
    server = serve(lambda _: http(status, b"x" * 1000, Location=f"{other.origin}/there?code=c"))
    seen = look(make_transport(server.origin, other.origin), server)
    assert (seen.status, seen.headers["location"]) == (status, f"{other.origin}/there?code=c")
    assert other.connections == 0


@pytest.mark.parametrize("body", [b"x" * 2_000, gzip.compress(b"x" * 50_000_000)])
def test_a_look_cuts_a_long_body_after_decompression(serve, make_transport, body):
    encoding = {"Content_Encoding": "gzip"} if body.startswith(b"\x1f\x8b") else {}
    server = serve(lambda _: http(200, body, **encoding))
    seen = look(make_transport(server.origin), server, max_bytes=1_000)
    assert (seen.body, seen.is_cut) == (b"x" * 1_000, True)


def test_a_body_as_long_as_a_look_reads_is_not_cut(serve, make_transport):
    server = serve(lambda _: http(200, b"x" * 1_000))
    seen = look(make_transport(server.origin), server, max_bytes=1_000)
    assert (seen.body, seen.is_cut) == (b"x" * 1_000, False)


def test_a_look_asks_for_a_page_and_sends_no_credentials_and_no_cookies(serve, make_transport):
    server = serve(lambda _: http(200, b"", content_type="text/html", Set_Cookie="session=1; Path=/"))
    transport = make_transport(server.origin)
    look(transport, server, "/page?a=b%20c")
    look(transport, server, headers={"Accept-Language": "en"})
    first, second = server.received
    assert first.target == "/page?a=b%20c"
    assert first.headers["accept"].startswith("text/html")
    assert second.headers["accept-language"] == "en"
    assert not {"cookie", "authorization"} & {*first.headers, *second.headers}


def test_a_look_goes_nowhere_but_to_allowed_origins_and_takes_no_longer_than_it_may(serve, make_transport):
    server, other = serve(lambda _: http()), serve(lambda _: http())
    transport = make_transport(server.origin)
    with pytest.raises(ValueError, match="not an allowed origin"):
        look(transport, other)
    with pytest.raises(TimedOut):
        look(transport, server, deadline=0)
    assert server.connections == other.connections == 0


def test_what_breaks_off_or_cannot_be_read_ends_a_look(serve, make_transport):
    for reply, kind in (
        (CLOSE, Unreachable),
        (b"SSH-2.0-OpenSSH\r\n\r\n", InvalidResponse),
        (http(200, b"nonsense", Content_Encoding="gzip"), InvalidResponse),
    ):
        server = serve(lambda _, reply=reply: reply)
        with pytest.raises(kind):
            look(make_transport(server.origin), server)


def test_looks_leave_no_mark_and_are_possible_where_others_wait(serve, make_transport, caplog):
    caplog.set_level(logging.DEBUG, "providers")
    server = serve(lambda _: CLOSE)
    transport = make_transport(server.origin)
    for _ in range(12):
        with pytest.raises(Unreachable):
            look(transport, server, "/page?state=canary")
    server.respond = lambda _: json_reply({})
    assert get(transport, server).json() == {}
    server.respond = lambda _: CLOSE
    for _ in range(12):
        with pytest.raises(Unreachable):
            get(transport, server, retry=False)
    server.respond = lambda _: http(200, b"here")
    assert look(transport, server).body == b"here"
    with pytest.raises(Unreachable, match="left alone"):
        get(transport, server)
    assert "canary" not in caplog.text
