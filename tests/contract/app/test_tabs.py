"""Several tabs, back, refresh, double clicks, and a server that dies in between: no harm is done."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.app_process import AppProcess
from tests.support.browser import Browser, heading, problem_code, query_of
from tests.support.fake_vinli import TOKEN
from tests.support.fixtures import require_redis
from tests.support.sites import running_site

pytestmark = pytest.mark.contract

TABS = 10


@pytest.fixture(scope="module", params=["sqlite, 1 worker", "sqlite, 4 workers", "redis, 4 workers"])
def served_site(request):
    backend, _, workers = request.param.partition(", ")
    variables = {"WEB_CONCURRENCY": workers[0]}
    if backend == "redis":
        variables["STORE_URL"] = request.getfixturevalue("redis_server").url
    with running_site("--quiet", **variables) as site:
        yield site


@pytest.fixture
def site(served_site):
    served_site.forget()
    return served_site


def at_once(do, arguments) -> list:
    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(do, arguments))


def test_ten_flows_started_at_once_in_one_browser_all_end_in_the_garage(site, browser):
    starts = at_once(lambda _: browser.start(), range(TABS))
    assert len({query_of(url)["state"] for url in starts}) == TABS
    callbacks = [browser.authorize(url) for url in starts]
    random.Random(7).shuffle(callbacks)
    for callback in callbacks:
        page = browser.open(callback)
        assert (page.status_code, heading(page)) == (200, "Your garage")
    assert site.token_requests() == TABS


def test_ten_callbacks_at_once_in_one_browser_leave_it_connected(site, browser):
    callbacks = [browser.authorize(browser.start()) for _ in range(TABS)]
    answers = at_once(browser.get, callbacks)
    assert [answer.status_code for answer in answers] == [302] * TABS
    assert site.token_requests() == TABS
    assert browser.get("/garage").status_code == 200


def test_disconnecting_ends_the_session_of_every_tab(site, browser):
    callbacks = [browser.authorize(browser.start()) for _ in range(4)]
    answers = at_once(browser.get, callbacks)
    sids = {session_id_of(answer) for answer in answers}
    assert browser.disconnect().status_code == 303
    with site.browser() as other:
        for sid in sids:
            page = other.get("/garage", headers={"Cookie": f"vinli_connect_session={sid}"})
            assert page.status_code == 401


def session_id_of(response):
    pairs = (line.partition(";")[0].partition("=") for line in response.raw.headers.getlist("Set-Cookie"))
    return next(value for name, _, value in pairs if name == "vinli_connect_session")


def test_flows_of_many_browsers_at_once_end_each_with_its_own_driver(site):
    browsers = [site.browser(driver=number % 2) for number in range(8)]
    try:
        pages = at_once(lambda browser: browser.connect(), browsers)
        for browser, page in zip(browsers, pages, strict=True):
            assert browser.email in page.text
    finally:
        for browser in browsers:
            browser.session.close()


def test_identical_callbacks_at_once_cost_one_token_request(site, browser):
    callback = browser.authorize(browser.start())
    answers = at_once(browser.get, [callback] * 8)
    assert site.token_requests() == 1
    assert {answer.status_code for answer in answers} <= {302, 400}
    assert browser.open("/garage").status_code == 200


def test_a_slow_exchange_is_awaited_by_the_second_click(site, browser):
    site.fault("/oauth/token", delay_ms=700)
    callback = browser.authorize(browser.start())
    answers = at_once(browser.get, [callback] * 4)
    assert [answer.status_code for answer in answers] == [302] * 4
    assert len({answer.headers["Set-Cookie"].partition(";")[0] for answer in answers}) == 1
    assert site.token_requests() == 1
    assert browser.get("/garage").status_code == 200


def test_the_second_click_connects_when_the_first_answer_was_lost(site, browser):
    callback = browser.authorize(browser.start())
    before = browser.session.cookies.copy()
    assert browser.get(callback).status_code == 302
    browser.session.cookies = before
    page = browser.open(callback)
    assert (page.status_code, heading(page)) == (200, "Your garage")
    assert site.token_requests() == 1


def test_refresh_and_back_lead_to_the_garage_without_another_token_request(site, browser):
    callback = browser.authorize(browser.start())
    browser.open(callback)
    for _ in range(3):
        page = browser.open(callback)
        assert (page.status_code, heading(page)) == (200, "Your garage")
    assert site.token_requests() == 1


def test_a_replay_after_disconnecting_does_not_connect_again(site, browser):
    callback = browser.authorize(browser.start())
    browser.open(callback)
    browser.disconnect()
    page = browser.open(callback)
    assert (page.status_code, problem_code(page)) == (400, "state_used")
    assert site.token_requests() == 1
    assert not browser.is_connected()


def test_connecting_twice_in_one_browser_works(site, browser):
    browser.connect()
    assert heading(browser.connect()) == "Your garage"
    assert site.token_requests() == 2


def test_of_more_than_ten_attempts_the_oldest_are_let_go(browser):
    for _ in range(14):
        browser.start()
    assert len([c for c in browser.session.cookies if "vinli_connect_attempt_" in c.name]) == 10


@pytest.mark.parametrize("backend", ["sqlite", "redis"])
def test_a_killed_server_loses_neither_attempts_nor_sessions(request, backend):
    variables = {}
    if backend == "redis":
        require_redis()
        variables["STORE_URL"] = request.getfixturevalue("redis_server").url
    with running_site("--quiet", **variables) as site, site.browser() as stays, site.browser(1) as comes:
        stays.connect()
        callback = comes.authorize(comes.start())
        site.app.kill()
        site.app.start()
        page = comes.open(callback)
        assert (page.status_code, heading(page)) == (200, "Your garage")
        assert stays.get("/garage").status_code == 200
        assert stays.email in stays.get("/garage").text


def test_a_server_that_is_asked_to_end_finishes_the_sign_in_under_way(vinli):
    asked, release = threading.Event(), threading.Event()

    def answer_late(request):
        asked.set()
        release.wait(timeout=20)
        return vinli.good_answer(request)

    vinli.answers[TOKEN] = answer_late
    with (
        AppProcess({"origin": vinli.origin}) as app,
        Browser(app.origin) as browser,
        ThreadPoolExecutor(2) as pool,
    ):
        _, callback = browser.attempt()
        under_way = pool.submit(browser.get, f"{callback}&code=x")
        assert asked.wait(timeout=20)
        stopping = pool.submit(app.stop)
        wait_for_log(app, "Handling signal: term")
        release.set()
        assert under_way.result().status_code == 302
        stopping.result()
        app.start()
        assert browser.get("/garage").status_code == 200


def wait_for_log(app, words):
    deadline = time.monotonic() + 20
    while words not in app.log():
        assert time.monotonic() < deadline, app.log()
        time.sleep(0.02)
