"""Two drivers at once, and an upstream whose answers come early, late, twice or in pieces: nobody sees another's."""

from __future__ import annotations

import csv
import io
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from domain.list_stream import BrokenOff
from tests.support.certificates import Authority
from tests.support.fake_vinli import DEVICE_ID, DEVICES, TOKEN, USER
from tests.support.misbehaviour import Misbehaviour
from tests.support.rude_vinli import (
    AYYEKA_TOKEN,
    DRIVERS,
    FLEET,
    PATIENTLY,
    RUDELY,
    SITES,
    RudeVinli,
    politely,
)

pytestmark = pytest.mark.functional

ROUNDS = 3
ALL = PATIENTLY | RUDELY
FAILURES = (502, 503, 504)
REQUESTS = {
    "the token": lambda request: request.path == TOKEN,
    "the user": lambda request: request.path == USER,
    "the devices": lambda request: request.path == DEVICES,
    "the vehicles": lambda request: request.path.endswith("/_latest"),
    "everything": lambda request: True,
}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def rude(request, authority):
    """Answers over plain HTTP, and over TLS where a test asks for it (``over_both``)."""
    tls = authority.server_context("127.0.0.1") if getattr(request, "param", "http") == "https" else None
    rude = RudeVinli(tls)
    yield rude
    rude.close()


@pytest.fixture
def site(local_site, rude, authority):
    site = local_site(
        rude.origin,
        CA_BUNDLE=str(authority.bundle),
        VINLI_CONCURRENCY="4",
        AYYEKA_KEY="a-key",
        AYYEKA_SECRET="a-secret",
        AYYEKA_URL=rude.origin,
    )
    site.shorten_timeouts(read=0.3, deadline=0.6)
    return site


def wait_for_what_comes(site, name):
    """Answers of these manners come, so on a busy machine nobody stops waiting for them."""
    if name in PATIENTLY:
        site.shorten_timeouts(read=10.0, deadline=15.0)


def over_both(names, over_tls):
    """Run a test for each name over plain HTTP, and for some over TLS.

    Each manner over both is in tests/unit/providers/http/test_framing.py.
    """
    rows = [(name, "http") for name in names] + [(name, "https") for name in over_tls]
    return pytest.mark.parametrize(("name", "rude"), rows, indirect=["rude"])


class Driver:
    """One driver at one browser; what they see is checked for what is the other's."""

    def __init__(self, site, name):
        self.name = name
        self.other = next(other for other in DRIVERS if other != name)
        self.browser = site.browser()
        self.seen = []

    def sign_in_and_look(self, together):
        _, callback = self.browser.attempt()
        together.wait(10)
        response = self.browser.get(f"{callback}&code={self.name}-code")
        self.check(response)
        if response.status_code == 302:
            for _ in range(2):
                self.check(self.browser.get("/garage"))
        self.check(self.browser.get("/"))

    def check(self, response):
        self.seen.append(response.status_code)
        assert response.status_code in (200, 302, *FAILURES), response.text
        assert self.other not in response.text.lower(), f"{self.name} is shown what is {self.other}'s"


def visit(site, rounds=ROUNDS, *, names=DRIVERS):
    """Let both drivers come at once, time and again; return the statuses that they met."""
    seen = []
    for number in range(rounds):
        drivers = [Driver(site, name) for name in (names if number % 2 else reversed(names))]
        together = threading.Barrier(len(drivers))
        with ThreadPoolExecutor(len(drivers)) as people:
            for visit in [people.submit(driver.sign_in_and_look, together) for driver in drivers]:
                visit.result()
        for driver in drivers:
            driver.check(driver.browser.get("/garage")) if driver.browser.is_connected() else None
            seen += driver.seen
    return seen


@over_both(PATIENTLY, ["100, then 103"])
def test_drivers_are_signed_in_by_answers_that_come(name, site, rude):
    rude.manner = PATIENTLY[name]
    wait_for_what_comes(site, name)
    assert set(visit(site)) == {200, 302}


@over_both(RUDELY, ["the next answer early", "behind 204", "too much, in two parts"])
def test_no_driver_is_shown_anothers_answer_that_comes(name, site, rude):
    rude.manner = politely
    visit(site, 1)
    rude.manner = RUDELY[name]
    for rude.rude_at in REQUESTS.values():
        visit(site, 2)


SECONDS = 15  # for any page; the longest budget of one is twelve
SEEDS = range(12)


class HurriedDriver(Driver):
    """A driver whose connection may end, and who comes back."""

    def sign_in_and_look(self, together):
        for _ in range(3):
            began = time.monotonic()
            super().sign_in_and_look(together)
            assert time.monotonic() - began < 4 * SECONDS

    def check(self, response):
        self.seen.append(response.status_code)
        assert response.status_code < 500 or response.status_code in FAILURES, response.text
        assert self.other not in response.text.lower(), f"{self.name} is shown what is {self.other}'s"


def list_at_the_same_time(site, together):
    with site.browser() as operator:
        operator.sign_in_as_operator()
        together.wait(10)
        for _ in range(3):
            page = operator.get("/operator/devices")
            assert page.status_code in (200, *FAILURES)


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_servers_do_nobody_sees_anothers_data_and_every_page_comes_in_time(seed, local_site, rude):
    """A sign-in, garage pages and a listing by two drivers and the operator at once, with random misbehaviour."""
    rude.misbehaviour = mood = Misbehaviour(seed)
    manners = [politely, politely, *PATIENTLY.values(), *RUDELY.values()]
    rude.manner = lambda sock, answer: mood.choose(manners)(sock, answer)
    site = local_site(rude.origin, VINLI_CONCURRENCY="4", VINLI_CLIENT_SECRET="a+b%c:ü")
    site.shorten_timeouts(read=0.3, deadline=0.6)
    drivers = [HurriedDriver(site, name) for name in DRIVERS]
    together = threading.Barrier(len(drivers))
    with ThreadPoolExecutor(len(drivers) + 1) as people:
        listing = people.submit(list_at_the_same_time, site, SimpleNamespace(wait=lambda _: None))
        visits = [people.submit(driver.sign_in_and_look, together) for driver in drivers]
        for visit in [*visits, listing]:
            visit.result()
    assert all(driver.seen for driver in drivers)


@over_both(ALL, ["the next answer early"])
def test_no_list_holds_a_page_twice_from_answers_that_come(name, site, rude):
    wait_for_what_comes(site, name)
    with site.browser() as operator:
        operator.sign_in_as_operator()
        rude.manner = ALL[name]
        for _ in range(2):
            try:
                listed = operator.request("GET", "/operator/devices.csv", stream=True).text
            except BrokenOff:  # in this process it ends the stream
                assert name in RUDELY
                continue
            ids = [
                row[0] for row in csv.reader(io.StringIO(listed)) if row and row[0].startswith(DEVICE_ID[:24])
            ]
            assert len(ids) == len(set(ids))
            if name in PATIENTLY:
                assert len(ids) == FLEET


@over_both(ALL, ["the next answer early"])
def test_no_partner_call_is_answered_with_anothers_answer_that_comes(name, site, rude):
    wait_for_what_comes(site, name)
    clerks = [SimpleNamespace(number=number, browser=site.browser()) for number in (11, 22)]
    rude.rude_at = lambda request: request.path == AYYEKA_TOKEN or request.path.startswith(SITES)

    def call(clerk):
        clerk.browser.sign_in_as_operator()
        shown = []
        for _ in range(4):
            page = clerk.browser.get("/partners/ayyeka")
            fields = {"method": "GET", "path": f"{SITES}/{clerk.number}", "body": ""}
            shown.append(clerk.browser.submit(page, "/partners/ayyeka", **fields).text)
        return shown

    rude.manner = ALL[name]
    with ThreadPoolExecutor(2) as both:
        pages = list(both.map(call, clerks))
    for clerk, other, shown in zip(clerks, clerks[::-1], pages, strict=True):
        for page in shown:
            assert f"site number {other.number}" not in page
            assert f"site number {clerk.number}" in page or name in RUDELY


def test_a_sign_in_by_answers_that_are_one_too_late_fails(site, rude):
    """The token is another driver's. The answer to who that is comes on the same connection, and is no user's."""
    drivers = [site.browser(), site.browser()]
    used, tokens, due = set(), [], {}

    def remember(sock, answer):
        used.add(sock)
        tokens.extend([answer] if b"access_token" in answer else [])
        return politely(sock, answer)

    def one_too_late(sock, answer):
        """Begin on a used connection with the token of the driver before; answer politely on the others."""
        if sock in due or (sock in used and b"access_token" in answer):
            due[sock], answer = answer, due.get(sock, tokens[0])
        return politely(sock, answer)

    rude.manner = remember
    callbacks = [browser.attempt()[1] for browser in drivers]
    assert drivers[0].get(f"{callbacks[0]}&code={DRIVERS[0]}-code").status_code == 302
    time.sleep(0.1)  # the connection has to rest before another driver's request goes out on it
    rude.manner = one_too_late
    assert drivers[1].get(f"{callbacks[1]}&code={DRIVERS[1]}-code").status_code == 502
    assert not drivers[1].is_connected()
