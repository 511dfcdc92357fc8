"""The token engine: one fetch for all, renewal ahead of time, back-off, refusals, clocks that are set."""

import threading
from datetime import UTC, datetime

import pytest

from providers.errors import NoToken
from providers.http.contexts import RequestContext, using
from providers.tokens.engine import LEASE_SECONDS, REFUSED_PAUSE, WAIT_SECONDS
from tests.support.servers import CLOSE, http, json_reply
from tests.support.token_engine import Endpoint, MemoryTokenCache, TestClock, declaration, source_of

INVALID_CLIENT = json_reply({"error": "invalid_client"}, 401)


@pytest.fixture
def clock():
    return TestClock()


@pytest.fixture
def cache(clock):
    return MemoryTokenCache(clock)


@pytest.fixture
def transport_of(make_transport):
    """Transports with clocks of their own: the engine's are what is tested."""
    return lambda server: make_transport(server.origin, clock=lambda: 0.0, wall_clock=lambda: 0.0)


@pytest.fixture
def source(serve, transport_of, clock):
    def make(endpoint, cache=None, **more):
        server = endpoint if hasattr(endpoint, "origin") else serve(endpoint)
        return source_of(declaration(server), transport_of(server), clock, cache, **more)

    return make


def in_threads(count, work):
    """Run `work` in so many threads at once; return what came back or was raised."""
    gate, outcomes = threading.Barrier(count), []

    def run():
        gate.wait(10)
        try:
            outcomes.append(work())
        except NoToken as error:
            outcomes.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(outcomes) == count
    return outcomes


# Once for all


def test_a_token_is_fetched_once_and_kept(source, clock):
    endpoint = Endpoint()
    tokens = source(endpoint)
    assert [tokens.token().value for _ in range(3)] == ["t1"] * 3
    clock.pass_time(3539)
    assert tokens.token().value == "t1"
    assert len(endpoint.asked) == 1


def test_a_hundred_cold_threads_make_one_request(source):
    endpoint = Endpoint()
    tokens = source(endpoint)
    assert {token.value for token in in_threads(100, tokens.token)} == {"t1"}
    assert len(endpoint.asked) == 1


def test_when_the_one_request_fails_all_get_the_error_and_the_next_call_asks_again_later(source, clock):
    endpoint = Endpoint(replies=[http(500)])
    tokens = source(endpoint)
    errors = in_threads(50, tokens.token)
    assert {type(error) for error in errors} == {NoToken}
    assert len(endpoint.asked) == 1
    with pytest.raises(NoToken):
        tokens.token()
    clock.pass_time(1)
    assert tokens.token().value == "t1"
    assert len(endpoint.asked) == 2


def test_sources_that_share_a_shelf_share_the_token(source, serve, cache):
    server = serve(endpoint := Endpoint())
    sources = [source(server, cache) for _ in range(4)]
    assert {each.token().value for each in sources} == {"t1"}
    assert len(endpoint.asked) == 1


def test_who_finds_the_lease_taken_waits_for_the_token_and_not_longer(source, serve, cache, clock):
    server = serve(endpoint := Endpoint())
    first, second = source(server, cache), source(server, cache)
    lease = cache.lease(first._name, LEASE_SECONDS)
    assert lease is not None
    assert second.token().value == "t1"  # its owner was killed: the lease's time runs out while it sleeps
    assert LEASE_SECONDS <= sum(clock.naps) < LEASE_SECONDS + 1
    assert len(endpoint.asked) == 1


def test_who_waits_for_ever_is_told_to_come_back(source, cache, clock):
    tokens = source(Endpoint(), cache)
    cache.leases[tokens._name] = clock.steady() + 1e6
    with pytest.raises(NoToken) as caught:
        tokens.token()
    assert caught.value.remedy == "wait"
    assert sum(clock.naps) <= WAIT_SECONDS + 1


def test_a_call_that_has_less_time_waits_less(source, cache, clock):
    flights = []
    tokens = source(Endpoint(), cache, start=flights.append)
    context = RequestContext(0.05, lambda: 0.0, connect_timeout=1.0, read_timeout=1.0)
    with using(context), pytest.raises(NoToken) as caught:
        tokens.token()
    assert caught.value.remedy == "wait"
    (flight,) = flights
    flight()
    assert tokens.token().value == "t1"


def test_without_the_shelf_a_process_goes_on_alone(source, cache):
    endpoint = Endpoint()
    tokens = source(endpoint, cache)
    cache.is_down = True
    assert {token.value for token in in_threads(20, tokens.token)} == {"t1"}
    assert tokens.state().fetches_today == 1
    cache.is_down = False
    assert tokens.token().value == "t1"
    assert len(endpoint.asked) == 1


def test_what_is_damaged_on_the_shelf_counts_as_nothing(source, cache):
    endpoint = Endpoint()
    tokens = source(endpoint, cache)
    cache.records[tokens._name] = ('{"token": 5}', 7)
    assert tokens.token().value == "t1"
    assert source(Endpoint(), cache).request.key != tokens.request.key


def test_old_and_new_secrets_have_tokens_and_failures_of_their_own(serve, transport_of, clock, cache):
    server = serve(Endpoint(replies=[INVALID_CLIENT]))
    transport = transport_of(server)
    old = source_of(declaration(server), transport, clock, cache)
    with pytest.raises(NoToken):
        old.token()
    new = source_of(declaration(server, client_secret="another"), transport, clock, cache)
    assert new.token().value == "t1"
    with pytest.raises(NoToken):
        old.token()
    newest = source_of(declaration(server, client_secret="a third"), transport, clock, cache)
    assert newest.token().value == "t2"
    assert (
        source_of(declaration(server, client_secret="another"), transport, clock, cache).token().value == "t1"
    )


# Ahead of time


@pytest.mark.parametrize(("lifetime", "skew"), [(3600, 60), (86_400, 60), (600, 60), (100, 10), (10, 1)])
def test_a_token_is_renewed_a_minute_or_a_tenth_of_its_life_ahead(source, clock, lifetime, skew):
    endpoint = Endpoint(expires_in=lifetime)
    tokens = source(endpoint)
    tokens.token()
    clock.pass_time(lifetime - skew - 0.1)
    assert tokens.token().value == "t1"
    clock.pass_time(0.2)
    tokens.token()
    assert len(endpoint.asked) == 2
    assert tokens.token().value == "t2"


def test_no_call_waits_for_a_renewal_that_is_not_due(source, clock):
    endpoint = Endpoint(gate=threading.Event())
    endpoint.gate.set()
    started, is_cold = [], [True]
    tokens = source(endpoint, start=lambda work: work() if is_cold else started.append(work))
    tokens.token()
    is_cold.clear()
    endpoint.gate.clear()
    clock.pass_time(3550)
    assert {token.value for token in in_threads(50, tokens.token)} == {"t1"}
    (renewal,) = started
    renewing = threading.Thread(target=renewal)
    renewing.start()
    assert {tokens.token().value for _ in range(10)} == {"t1"}
    assert len(started) == 1
    endpoint.gate.set()
    renewing.join(10)
    assert tokens.token().value == "t2"
    assert len(endpoint.asked) == 2


def test_of_several_processes_one_renews_and_the_others_take_it_over(source, serve, cache, clock):
    server = serve(endpoint := Endpoint())
    first, second = source(server, cache), source(server, cache)
    assert (first.token().value, second.token().value) == ("t1", "t1")
    clock.pass_time(3550)
    assert first.token().value == "t1"
    assert second.token().value == "t1"
    assert (first.token().value, second.token().value) == ("t2", "t2")
    assert len(endpoint.asked) == 2


def test_a_good_token_serves_to_its_end_while_the_endpoint_is_down(source, clock):
    endpoint = Endpoint(replies=[])
    tokens = source(endpoint)
    tokens.token()
    endpoint.replies += [http(503)] * 100
    clock.pass_time(3541)
    for _ in range(59):
        assert tokens.token().value == "t1"
        clock.pass_time(1)
    assert 3 <= len(endpoint.asked) <= 8  # ever less often
    assert tokens.state().problem.remedy == "wait"
    with pytest.raises(NoToken):
        tokens.token()


def test_after_its_end_a_token_is_not_used(source, clock):
    tokens = source(Endpoint(expires_in=100))
    tokens.token()
    clock.pass_time(101)
    assert tokens.token().value == "t2"


# Clocks that are set


@pytest.mark.parametrize("jump", [3600, -3600, 10**9, -(10**9)])
def test_setting_the_clock_changes_nothing(source, serve, cache, clock, jump):
    server = serve(endpoint := Endpoint())
    first = source(server, cache)
    first.token()
    clock.set_wall(jump)
    assert first.token().value == "t1"
    assert source(server, cache).token().value == "t1"
    clock.pass_time(3601)
    assert first.token().value == "t2"
    assert len(endpoint.asked) == 2


def test_another_machine_goes_by_the_wall_clock_and_never_beyond_the_life_of_the_token(
    serve, transport_of, clock, cache
):
    server = serve(endpoint := Endpoint())
    transport = transport_of(server)
    source_of(declaration(server), transport, clock, cache).token()
    elsewhere = TestClock("another boot")
    elsewhere._steady = 17.0
    there = source_of(declaration(server), transport, elsewhere, cache)
    assert there.token().value == "t1"
    elsewhere.pass_time(3601)
    assert there.token().value == "t2"
    slow = TestClock("a third boot")
    slow.set_wall(-7200)
    assert source_of(declaration(server), transport, slow, cache).token().expires_at <= slow.steady() + 3600
    assert len(endpoint.asked) == 2


# Refused tokens


def test_a_refused_token_is_dropped_once_for_all_threads(source):
    endpoint = Endpoint()
    tokens = source(endpoint)
    token = tokens.token()
    fresh = in_threads(50, lambda: tokens.refused(token))
    assert {each.value for each in fresh} == {"t2"}
    assert len(endpoint.asked) == 2


def test_a_refused_token_is_dropped_once_for_all_processes(source, serve, cache):
    server = serve(endpoint := Endpoint())
    sources = [source(server, cache) for _ in range(4)]
    tokens = [each.token() for each in sources]
    fresh = [each.refused(token) for each, token in zip(sources, tokens, strict=True)]
    assert {each.value for each in fresh} == {"t2"}
    assert len(endpoint.asked) == 2


def test_exactly_the_refused_token_is_dropped(source, serve, cache):
    server = serve(endpoint := Endpoint())
    first, second = source(server, cache), source(server, cache)
    old = second.token()
    first.refused(first.token())
    assert first.refused(old).value == "t2"
    assert second.refused(old).value == "t2"
    assert len(endpoint.asked) == 2


def test_where_fresh_tokens_are_refused_no_more_are_fetched_for_a_while(source, clock):
    endpoint = Endpoint()
    tokens = source(endpoint)
    fresh = tokens.refused(tokens.token())
    tokens.refused_again(fresh)
    assert [tokens.refused(fresh) for _ in range(10)] == [None] * 10
    assert len(endpoint.asked) == 2
    clock.pass_time(REFUSED_PAUSE + 1)
    assert tokens.refused(fresh).value == "t3"


def test_a_refused_token_that_stays_on_a_shelf_is_not_taken_up_again(source, cache):
    endpoint = Endpoint()
    tokens = source(endpoint, cache)
    token = tokens.token()
    cache.is_down = True
    assert tokens.refused(token).value == "t2"
    cache.is_down = False
    assert tokens.token().value == "t2"


# Endpoints that fail


def failing(source, clock, reply, seconds):
    """Ask every tenth of a second for so long; return how many requests that made, and the last error."""
    endpoint = Endpoint(replies=[reply] * 10_000)
    tokens = source(endpoint)
    error = None
    for _ in range(int(seconds * 10)):
        with pytest.raises(NoToken) as caught:
            tokens.token()
        error = caught.value
        clock.pass_time(0.1)
    return len(endpoint.asked), error


@pytest.mark.parametrize(
    ("reply", "most", "remedy"),
    [
        (INVALID_CLIENT, 2, "settings"),
        (json_reply({"error": "invalid_scope"}, 400), 2, "settings"),
        (json_reply({"__type": "x#NotAuthorizedException", "message": "no"}, 400), 2, "settings"),
        (json_reply({"error": "invalid_request"}, 400), 2, "provider"),
        (json_reply({"__type": "TooManyRequestsException"}, 400), 2, "wait"),
        (json_reply({"__type": "a#TooManyRequestsException:http://x/"}, 400), 2, "wait"),
        (json_reply({}, 400, X_Amzn_ErrorType="TooManyRequestsException:http://x/"), 2, "wait"),
        (json_reply({"error": "slow_down"}, 400), 8, "wait"),
        (http(404), 2, "settings"),
        (http(429), 2, "wait"),
        (http(500), 8, "wait"),
        (http(503), 8, "wait"),
        (http(200, b"<html>", content_type="text/html"), 4, "provider"),
        (json_reply([]), 4, "provider"),
        (json_reply({"ChallengeName": "NEW_PASSWORD_REQUIRED"}), 2, "provider"),
        (json_reply({"access_token": "x", "token_type": "mac"}), 4, "provider"),
        (json_reply({"error": "invalid_client"}), 2, "settings"),
        (json_reply({"error": "temporarily_unavailable"}), 8, "wait"),
        (json_reply({"access_token": "x" * 300_000}), 4, "provider"),
        (http(200, b"\xff" * 300_000), 4, "provider"),
        (http(302, location="http://127.0.0.1:1/"), 4, "provider"),
        (CLOSE, 8, "wait"),
    ],
)
def test_nothing_is_hammered_and_the_error_says_who_can_help(source, clock, reply, most, remedy):
    asked, error = failing(source, clock, reply, seconds=59)
    assert 1 <= asked <= most
    assert error.remedy == remedy
    assert error.retry_after > 0
    assert error.settings == (("THE_CLIENT_ID", "THE_SECRET") if remedy == "settings" else ())
    assert "the-secret" not in f"{error} {error!r}"


def test_an_endpoint_that_is_too_slow_is_asked_ever_less_often(serve, make_transport, clock):
    never = threading.Event()
    server = serve(lambda _: lambda _sock: never.wait(20))
    transport = make_transport(server.origin, clock=lambda: 0.0, timeout=(10.0, 0.05))
    tokens = source_of(declaration(server), transport, clock)
    for _ in range(590):
        with pytest.raises(NoToken) as caught:
            tokens.token()
        clock.pass_time(0.1)
    never.set()
    assert caught.value.remedy == "wait"
    assert len(server.received) <= 8


def test_nobody_there_is_no_reason_to_go_on_knocking(serve, transport_of, clock):
    server = serve(Endpoint())
    server.close()
    tokens = source_of(declaration(server), transport_of(server), clock)
    with pytest.raises(NoToken) as caught:
        tokens.token()
    assert (caught.value.remedy, tokens.state().fetches_today) == ("wait", 1)
    with pytest.raises(NoToken):
        tokens.token()
    assert tokens.state().fetches_today == 1


def test_retry_after_is_honoured(source, clock):
    endpoint = Endpoint(replies=[http(429, retry_after=120)])
    tokens = source(endpoint)
    with pytest.raises(NoToken) as caught:
        tokens.token()
    assert caught.value.retry_after == pytest.approx(120)
    clock.pass_time(119)
    with pytest.raises(NoToken):
        tokens.token()
    clock.pass_time(2)
    assert tokens.token().value == "t1"


def test_a_failure_holds_back_other_processes_too(source, serve, cache):
    server = serve(endpoint := Endpoint(replies=[INVALID_CLIENT]))
    for _ in range(4):
        with pytest.raises(NoToken):
            source(server, cache).token()
    assert len(endpoint.asked) == 1


# Refreshing


def test_a_refresh_token_is_used_and_kept_where_none_comes_back(source, clock):
    endpoint = Endpoint(expires_in=100, more={"refresh_token": "r1"})
    tokens = source(endpoint)
    tokens.token()
    endpoint.more = {}
    for _ in range(2):
        clock.pass_time(101)
        tokens.token()
    bodies = [request.body.decode() for request in endpoint.asked]
    assert "refresh_token" not in bodies[0]
    assert all("grant_type=refresh_token&refresh_token=r1" in body for body in bodies[1:])


def test_a_dead_refresh_token_is_followed_by_the_credentials(source, clock):
    endpoint = Endpoint(expires_in=100, more={"refresh_token": "r1"})
    tokens = source(endpoint)
    tokens.token()
    endpoint.more = {}
    endpoint.replies = [json_reply({"error": "invalid_grant"}, 400)]
    clock.pass_time(101)
    assert tokens.token().value == "t2"
    assert "grant_type=client_credentials" in endpoint.asked[2].body.decode()
    clock.pass_time(101)
    assert tokens.token().value == "t3"
    assert "grant_type=client_credentials" in endpoint.asked[3].body.decode()


USELESS_REFRESHES = {
    "Cognito does not understand it": http(
        400, b'{"__type": "InvalidParameterException"}', content_type="application/x-amz-json-1.1"
    ),
    "Cognito refuses it": http(
        400, b'{"__type": "NotAuthorizedException"}', content_type="application/x-amz-json-1.1"
    ),
    "an error with status 200": json_reply({"error": "invalid_grant"}),
    "another error with status 200": json_reply({"error": "invalid_request"}),
    "no token": json_reply({}),
    "a token that is none": json_reply({"access_token": ""}),
    "another type": json_reply({"access_token": "x", "token_type": "mac"}),
    "text": http(400, b"Bad request", content_type="text/plain"),
    "a page": http(200, b"<h1>hello</h1>", content_type="text/html"),
    "an empty 401": http(401, content_type=None),
    "a 403": http(403),
    "a 404": http(404),
    "an error inside": http(500),
    "a redirect": http(302, Location="http://127.0.0.1:1/"),
}


@pytest.mark.parametrize("name", USELESS_REFRESHES)
def test_a_refresh_that_fails_is_followed_by_the_credentials_in_the_same_fetch(name, source, clock):
    endpoint = Endpoint(expires_in=100, more={"refresh_token": "r1"})
    tokens = source(endpoint)
    tokens.token()
    clock.pass_time(101)
    endpoint.replies = [USELESS_REFRESHES[name]]
    endpoint.more = {}
    assert tokens.token().value == "t2"
    clock.pass_time(101)
    assert tokens.token().value == "t3"
    bodies = [request.body.decode() for request in endpoint.asked]
    assert ["refresh_token=r1" in body for body in bodies] == [False, True, False, False]


@pytest.mark.parametrize("name", USELESS_REFRESHES)
def test_if_the_credentials_fail_too_the_error_is_theirs_and_the_refresh_token_is_dropped(
    name, source, clock
):
    endpoint = Endpoint(expires_in=100, more={"refresh_token": "r1"})
    tokens = source(endpoint)
    tokens.token()
    clock.pass_time(101)
    endpoint.replies = [USELESS_REFRESHES[name], INVALID_CLIENT]
    with pytest.raises(NoToken) as caught:
        tokens.token()
    assert (caught.value.remedy, caught.value.error) == ("settings", "invalid_client")
    clock.pass_time(700)
    assert tokens.token().value == "t2"
    assert ["refresh_token=r1" in request.body.decode() for request in endpoint.asked] == [
        False,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    "reply",
    [
        http(429, retry_after="5"),
        http(503),
        http(502),
        json_reply({"__type": "TooManyRequestsException"}, 400),
        json_reply({"error": "temporarily_unavailable"}),
        json_reply({"error": "temporarily_unavailable"}, 400),
        json_reply({"error": "slow_down"}, 400),
        json_reply({"__type": "a#TooManyRequestsException:http://x/"}, 400),
        http(408),
        http(425),
    ],
)
def test_a_refresh_that_has_to_wait_asks_for_nothing_else(reply, source, clock):
    endpoint = Endpoint(expires_in=100, more={"refresh_token": "r1"})
    tokens = source(endpoint)
    tokens.token()
    clock.pass_time(101)
    endpoint.replies = [reply]
    with pytest.raises(NoToken) as caught:
        tokens.token()
    assert caught.value.remedy == "wait"
    clock.pass_time(61)
    assert tokens.token().value == "t2"
    assert all("refresh_token=r1" in request.body.decode() for request in endpoint.asked[1:])


def test_a_refresh_token_outlives_an_endpoint_that_is_down(source, clock):
    endpoint = Endpoint(expires_in=100, more={"refresh_token": "r1"})
    tokens = source(endpoint)
    tokens.token()
    endpoint.replies = [http(503)]
    clock.pass_time(101)
    with pytest.raises(NoToken):
        tokens.token()
    clock.pass_time(2)
    tokens.token()
    assert "refresh_token=r1" in endpoint.asked[2].body.decode()


# What people see


def test_the_state_of_a_token(source, serve, cache, clock):
    server = serve(Endpoint(replies=[http(503)]))
    tokens = source(server, cache)
    assert tokens.state().valid_until is None
    with pytest.raises(NoToken):
        tokens.token()
    failed = tokens.state()
    assert (failed.valid_until, failed.fetches_today, failed.problem.status) == (None, 1, 503)
    assert failed.next_try_at > datetime.fromtimestamp(clock.wall(), UTC)
    clock.pass_time(1)
    tokens.token()
    state = source(server, cache).state()
    assert (state.valid_until - datetime.fromtimestamp(clock.wall(), UTC)).total_seconds() == 3600
    assert state.fetched_at == datetime.fromtimestamp(clock.wall(), UTC)
    assert (state.fetches_today, state.problem, state.next_try_at) == (2, None, None)
    clock.pass_time(86_400)
    assert source(server, cache).state().fetches_today == 0


def test_nothing_shows_the_token(source, cache):
    tokens = source(Endpoint(more={"access_token": "very-secret"}), cache)
    assert "very-secret" not in repr(tokens.token())
    assert "very-secret" not in repr(tokens.state())


# Programs that end soon


def test_a_settled_token_is_not_due_for_renewal(source, clock, serve):
    endpoint, cache = Endpoint(expires_in=1200), MemoryTokenCache(clock)
    server = serve(endpoint)
    assert source(server, cache).settled().value == "t1"
    clock.pass_time(1000)
    assert source(server, cache).settled().value == "t1"
    clock.pass_time(196)
    assert source(server, cache).settled().value == "t2"
    assert len(endpoint.asked) == 2


def test_a_settled_token_that_cannot_be_renewed_is_the_old_one_while_it_lives(source, clock):
    endpoint = Endpoint(expires_in=1200)
    tokens = source(endpoint)
    tokens.settled()
    clock.pass_time(1196)
    endpoint.replies = [http(500)] * 10
    assert tokens.settled().value == "t1"
    clock.pass_time(5)
    with pytest.raises(NoToken):
        tokens.settled()


def test_a_settled_token_never_is_one_that_expired_while_another_renews(source, clock):
    tokens = source(Endpoint(expires_in=1200))
    tokens.settled()
    clock.pass_time(1196)
    with tokens._renewing:  # another thread renews, and does not come to an end
        assert tokens.settled().value == "t2"
