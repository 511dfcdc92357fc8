"""One renewal for all tabs and processes of a driver, on both stores."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
import requests

from tests.support.app_process import AppProcess
from tests.support.browser import Browser, problem_code
from tests.support.rotating_vinli import RotatingVinli, rotate_and_lose

pytestmark = pytest.mark.contract

PAGES = 40
LIFETIME = 2


class TwoProcesses:
    """The application as two processes with one store and one public address, and a driver in one browser."""

    def __init__(self, vinli: RotatingVinli, processes: list[AppProcess]) -> None:
        self.vinli = vinli
        self.processes = processes
        self.browser = Browser(processes[0].origin)

    def garage(self, number: int) -> requests.Response:
        """Get the garage from one of the processes, with the browser's cookies."""
        host = self.browser.origin.partition("://")[2]
        origin = self.processes[number % len(self.processes)].origin
        return requests.get(
            f"{origin}/garage", headers={"Host": host}, cookies=self.browser.session.cookies, timeout=30
        )

    def open_tabs(self) -> list[requests.Response]:
        """Get forty pages at once, and answer the renewal only after some of them wait for it."""
        self.vinli.may_refresh.clear()
        release = threading.Timer(0.5, self.vinli.may_refresh.set)
        release.start()
        with ThreadPoolExecutor(PAGES) as pool:
            pages = list(pool.map(self.garage, range(PAGES)))
        release.join()
        return pages


@pytest.fixture(params=["sqlite", "redis"])
def two(request):
    with ExitStack() as stack:
        vinli = RotatingVinli()
        stack.callback(vinli.close)
        first = stack.enter_context(
            AppProcess(
                {"origin": vinli.origin},
                **(
                    {"STORE_URL": request.getfixturevalue("redis_server").url}
                    if request.param == "redis"
                    else {}
                ),
            )
        )
        shared = {name: first.variables[name] for name in ("STORE_URL", "PUBLIC_URL")}
        second = stack.enter_context(AppProcess({"origin": vinli.origin}, **shared))
        pair = TwoProcesses(vinli, [first, second])
        stack.enter_context(pair.browser)
        yield pair


def assert_all_show_cars(pages):
    assert [page.status_code for page in pages] == [200] * PAGES
    assert all("Device 1" in page.text for page in pages)


def test_forty_pages_at_the_end_of_a_tokens_life_renew_it_once(two):
    two.vinli.lifetime = LIFETIME
    two.browser.connect_at_once()
    two.vinli.lifetime = 3600
    ends_at = time.time() + LIFETIME
    while time.time() <= ends_at:
        time.sleep(0.05)
    two.vinli.expire()
    assert_all_show_cars(two.open_tabs())
    assert two.vinli.refreshes() == ["refresh-1"]


def test_forty_pages_with_a_refused_token_renew_it_once(two):
    two.browser.connect_at_once()
    two.vinli.expire()
    assert_all_show_cars(two.open_tabs())
    assert two.vinli.refreshes() == ["refresh-1"]


def test_a_lost_rotation_asks_to_connect_again_in_every_process(two):
    two.browser.connect_at_once()
    two.vinli.expire()
    two.vinli.refresh_answer = rotate_and_lose
    assert {page.status_code for page in two.open_tabs()} <= {502, 504}
    assert len(two.vinli.refreshes()) == 1
    two.vinli.refresh_answer = None
    give_up_at = time.monotonic() + 20
    while (page := two.garage(1)).status_code == 502 and time.monotonic() < give_up_at:
        time.sleep(0.2)
    assert (page.status_code, problem_code(page)) == (401, "connection_ended")
    assert "/connect?next=" in page.text
    assert two.garage(0).status_code == 401


def test_a_process_that_dies_while_it_renews_holds_up_no_other_for_long(two):
    two.browser.connect_at_once()
    two.vinli.expire()
    two.vinli.may_refresh.clear()
    with ThreadPoolExecutor(1) as pool:
        dying = pool.submit(two.garage, 0)
        while not two.vinli.refreshes():
            time.sleep(0.02)
        two.processes[0].kill()
        assert isinstance(dying.exception(), requests.RequestException)
    two.vinli.may_refresh.set()
    give_up_at = time.monotonic() + 30
    while (page := two.garage(1)).status_code in {502, 504} and time.monotonic() < give_up_at:
        time.sleep(0.2)
    # The rotated refresh token died with the process.
    assert (page.status_code, problem_code(page)) == (401, "connection_ended")
