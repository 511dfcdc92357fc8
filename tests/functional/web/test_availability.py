"""What still answers when something it depends on does not: store, upstream, slots, and too many requests."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from tests.support.browser import seen
from tests.support.fake_vinli import DEVICES, TOKEN, Hang
from tests.support.servers import http

pytestmark = pytest.mark.functional

STORE_DOWN = (503, "store_down")
SATURATED = (503, "saturated")
TOO_MANY = (429, "too_many_requests")


# --- the store


@pytest.fixture(params=["stopped", "frozen"])
def broken_redis(request, own_redis):
    """How to break the Redis server of this test, and how to repair it."""
    return {
        "stopped": (own_redis, own_redis.stop, own_redis.start),
        "frozen": (own_redis, own_redis.freeze, own_redis.thaw),
    }[request.param]


def test_a_store_that_is_gone_costs_503_where_it_is_needed_and_nothing_else(broken_redis, local_site, vinli):
    redis, break_it, repair_it = broken_redis
    local = local_site(vinli.origin, STORE_URL=redis.url)
    with local.browser() as driver, local.browser() as visitor:
        driver.connect_at_once()
        session = driver.cookie("session")
        _, callback = visitor.attempt()
        break_it()
        try:
            for path in ("/", "/healthz", "/implicit", "/static/css/base.css"):
                assert visitor.get(path).status_code == 200, path
            assert visitor.get("/readyz").status_code == 503
            assert seen(visitor.get("/connect")) == STORE_DOWN
            assert seen(visitor.get(f"{callback}&code=x")) == STORE_DOWN
            down = driver.get("/garage")
            assert seen(down) == STORE_DOWN
            assert down.headers["Retry-After"]
            assert driver.get("/").status_code == 200
            assert driver.get("/healthz").status_code == 200
            assert driver.cookie("session") == session, "a failing store signs nobody out"
            assert vinli.received(TOKEN)[1:] == []
        finally:
            repair_it()
        assert visitor.get("/readyz").status_code == 200
        assert visitor.get("/connect").status_code == 302
        if break_it.__name__ == "freeze":
            assert driver.get("/garage").status_code == 200


def test_a_session_that_cannot_be_stored_after_the_exchange_is_a_503_without_cookie(
    own_redis, local_site, vinli
):
    local = local_site(vinli.origin, STORE_URL=own_redis.url)

    def token_and_then_no_store(_request):
        own_redis.stop()
        return vinli.good_answer(_request)

    vinli.answers[TOKEN] = token_and_then_no_store
    with local.browser() as browser:
        _, callback = browser.attempt()
        response = browser.get(f"{callback}&code=x")
        assert seen(response) == STORE_DOWN
        assert "session" not in response.headers.get("Set-Cookie", "")
        assert browser.cookie("session") is None


def test_a_damaged_store_file_is_a_503_and_never_anonymous(local_site, vinli):
    local = local_site(vinli.origin)
    with local.browser() as browser:
        browser.connect_at_once()
        local.services.store.close()
        for path in local.store_path.parent.glob("store.sqlite3*"):
            path.write_bytes(b"this is no database" * 500)
        response = browser.get("/garage")
        assert seen(response) == STORE_DOWN
        assert browser.cookie("session")
        assert browser.get("/healthz").status_code == 200


# --- slots


def test_when_all_slots_wait_for_the_upstream_everything_else_answers(local_site, vinli):
    local = local_site(vinli.origin, UPSTREAM_SLOTS="3")
    with local.browser() as browser, local.browser() as visitor:
        browser.connect_at_once()
        _, callback = visitor.attempt()
        vinli.answers[DEVICES] = hang = Hang()
        waiting = [threading.Thread(target=browser.get, args=("/garage",)) for _ in range(3)]
        for thread in waiting:
            thread.start()
        try:
            for _ in range(3):
                assert hang.waiting.acquire(timeout=10)
            refused = browser.get("/garage")
            assert seen(refused) == SATURATED
            assert refused.headers["Retry-After"]
            assert seen(visitor.get(f"{callback}&code=x")) == SATURATED
            assert vinli.received(TOKEN)[1:] == []
            for path in ("/", "/healthz", "/readyz", "/connect", "/implicit"):
                assert browser.get(path).status_code in {200, 302}, path
        finally:
            hang.release()
            for thread in waiting:
                thread.join()
        assert visitor.get(f"{callback}&code=x").status_code == 302, "the attempt was not used up"


def test_a_hanging_upstream_leaves_gunicorn_threads_for_the_other_pages(site):
    """More requests wait for the upstream than the server has threads; the health checks still answer."""
    with site.browser() as browser:
        browser.connect()
        site.fault("/api/v1/devices", delay_ms=1500)
        with ThreadPoolExecutor(40) as pool:
            garages = [pool.submit(browser.get, "/garage") for _ in range(40)]
            for path in ("/healthz", "/readyz", "/") * 3:
                assert browser.get(path).status_code == 200
            statuses = [garage.result().status_code for garage in garages]
        assert set(statuses) == {200, 503}
        assert statuses.count(200) >= 24
        assert browser.is_connected()


# --- rates


def test_starting_too_often_is_429_with_a_time_to_wait(local_site, vinli):
    local = local_site(vinli.origin, RATE_LIMIT_CONNECT="4/day")
    with local.browser() as browser:
        statuses = [browser.get("/connect").status_code for _ in range(6)]
        assert statuses == [302] * 4 + [429] * 2
        response = browser.get("/connect")
        assert seen(response) == TOO_MANY
        assert int(response.headers["Retry-After"]) > 0
        for path in ("/", "/healthz", "/readyz", "/static/css/base.css") * 3:
            assert browser.get(path).status_code == 200
    with local.browser(address="127.0.0.2") as neighbour:
        assert neighbour.get("/connect").status_code == 302


def test_failed_callbacks_count_and_good_ones_do_not(local_site, vinli):
    local = local_site(vinli.origin, RATE_LIMIT_CONNECT="8/day")
    with local.browser() as browser:
        callbacks = [browser.attempt()[1] for _ in range(6)]
        for callback in callbacks:
            assert browser.get(f"{callback}&code=x").status_code == 302
        statuses = [browser.get("/connect/callback?code=x").status_code for _ in range(10)]
        assert statuses == [400] * 8 + [429] * 2
        assert browser.get("/garage").status_code == 200


def test_guessing_the_operators_password_is_slowed_down(local_site, vinli):
    local = local_site(vinli.origin, RATE_LIMIT_SIGN_IN="5/day")
    with local.browser() as browser:
        statuses = [browser.sign_in_as_operator("wrong").status_code for _ in range(7)]
        assert statuses == [403] * 5 + [429] * 2
        assert browser.sign_in_as_operator().status_code == 429
        assert browser.get("/operator").status_code == 200


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Client-IP", "True-Client-IP"]
)
def test_a_header_of_the_clients_own_does_not_evade_the_limit(header, local_site, vinli):
    local = local_site(vinli.origin, RATE_LIMIT_CONNECT="3/day")
    with local.browser() as browser:
        statuses = [
            browser.get("/connect", headers={header: f"10.0.0.{number}"}).status_code for number in range(5)
        ]
        assert statuses == [302] * 3 + [429] * 2


def test_behind_a_proxy_the_address_it_saw_counts_and_no_other(local_site, vinli):
    local = local_site(vinli.origin, RATE_LIMIT_CONNECT="3/day", TRUSTED_PROXIES="1")
    with local.browser() as browser:

        def start(number, client):
            return browser.get(
                "/connect", headers={"X-Forwarded-For": f"10.0.0.{number}, {client}"}
            ).status_code

        assert [start(number, "192.0.2.7") for number in range(5)] == [302] * 3 + [429] * 2
        assert start(1, "192.0.2.8") == 302


def test_an_ipv6_customer_counts_as_one(local_site, vinli):
    local = local_site(vinli.origin, RATE_LIMIT_CONNECT="3/day")
    statuses = []
    for number in range(5):
        with local.browser(address=f"2001:db8:1:2::{number}") as browser:
            statuses.append(browser.get("/connect").status_code)
    assert statuses == [302] * 3 + [429] * 2


def test_limits_go_on_counting_without_redis_and_sign_in_is_closed(own_redis, local_site, vinli):
    local = local_site(vinli.origin, STORE_URL=own_redis.url, RATE_LIMIT_SIGN_IN="2/day")
    with local.browser() as browser:
        page = browser.get("/operator")
        own_redis.stop()
        statuses = {
            browser.submit(page, "/operator", password="operators-own-password").status_code for _ in range(4)
        }
        assert statuses <= {503, 429}
        assert 503 in statuses
        assert browser.get("/").status_code == 200


# --- recovery


def test_the_garage_says_so_when_the_list_fails_and_recovers(local_site, vinli):
    local = local_site(vinli.origin)
    with local.browser() as browser:
        browser.connect_at_once()
        vinli.answers[DEVICES] = http(500)
        failing = browser.get("/garage")
        assert failing.status_code == 502
        assert "You are still connected" in failing.text
        del vinli.answers[DEVICES]
        assert browser.get("/garage").status_code == 200


def test_a_store_that_became_a_replica_is_not_ready(own_redis, local_site, vinli):
    local = local_site(vinli.origin, STORE_URL=own_redis.url)
    with Redis.from_url(own_redis.url) as raw, local.browser() as browser:
        assert browser.get("/readyz").status_code == 200
        raw.execute_command("REPLICAOF", "127.0.0.1", "1")
        assert browser.get("/readyz").status_code == 503
        assert browser.get("/healthz").status_code == 200
        raw.execute_command("REPLICAOF", "NO", "ONE")
        assert browser.get("/readyz").status_code == 200
        browser.connect_at_once()
