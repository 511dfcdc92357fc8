"""Reading a list by time in parts: complete, in order, without repeats, whatever the server does."""

from __future__ import annotations

import random
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.errors import InvalidResponse, ProviderError, ServerFailed
from providers.paging.time_parts import TimeListing, TimePage

NOW = 1_000_000


class Server:
    """A list of (time, key), newest first. It may clamp the limit, and extend a page over a tie or not."""

    def __init__(self, items, *, most=100, extends=True):
        self.items = sorted(items, reverse=True)
        self.most = most
        self.extends = extends
        self.asked = 0
        self.at_once = 0
        self._lock = threading.Lock()
        self._now = 0

    def page(self, since, until, limit):
        with self._lock:
            self.asked += 1
            self._now += 1
            self.at_once = max(self.at_once, self._now)
        time.sleep(0)
        window = [item for item in self.items if since < item[0] <= until]
        limit = min(limit, self.most)
        end = min(limit, len(window))
        while self.extends and 0 < end < len(window) and window[end][0] == window[end - 1][0]:
            end += 1
        shown = window[:end]
        with self._lock:
            self._now -= 1
        last = shown[-1][0] if shown else None
        return TimePage(shown, len(window) - end, since, until, limit, last_ms=last)

    def listing(self, since=0, until=NOW, *, limit=100, concurrency=4, knows_oldest=True):
        oldest = (lambda: self.items[-1][0] if self.items else None) if knows_oldest else None
        return TimeListing(
            self.page,
            lambda item: item[1],
            lambda item: item[0],
            since_ms=since,
            until_ms=until,
            limit=limit,
            concurrency=concurrency,
            oldest=oldest,
        )


def numbered(times):
    return [(at, number) for number, at in enumerate(times)]


# Clusters, as drives make them, and ties within them.
clusters = st.lists(
    st.tuples(st.integers(1, NOW - 1), st.integers(1, 60), st.integers(0, 40)), min_size=0, max_size=8
).map(lambda found: [min(at + step * n // 7, NOW) for at, count, step in found for n in range(count)])


@settings(max_examples=150, deadline=None)
@given(
    clusters,
    st.integers(1, 100),
    st.integers(1, 8),
    st.booleans(),
    st.booleans(),
    st.integers(0, NOW),
    st.integers(0, NOW),
)
def test_the_reading_equals_the_list(times, limit, concurrency, extends, knows_oldest, since, until):
    items = numbered(times)
    ties = max((times.count(at) for at in set(times)), default=0)
    # A page that is not extended has to be able to hold a tie, and one entry more.
    limit = limit if extends else max(limit, ties + 1)
    server = Server(items, extends=extends)
    listing = server.listing(since, until, limit=limit, concurrency=concurrency, knows_oldest=knows_oldest)
    found = list(listing)
    expected = [item for item in server.items if since < item[0] <= until]
    assert [at for at, _ in found] == [at for at, _ in expected]
    assert sorted(found) == sorted(expected)
    assert listing.total == len(expected)


@pytest.mark.parametrize("extends", [True, False])
@pytest.mark.parametrize("most", [20, 100])
def test_a_server_that_clamps_the_limit_is_read_whole(most, extends):
    server = Server(numbered(range(1000, 900_000, 401)), most=most, extends=extends)
    assert list(server.listing(concurrency=8)) == server.items


def test_an_even_list_is_read_side_by_side_with_few_more_pages_than_it_has():
    server = Server(numbered(range(1, 900_001, 417)))  # 2,159 entries, 22 pages
    assert len(list(server.listing(concurrency=16))) == 2_159
    assert server.asked <= 34


def test_a_long_list_costs_little_more_requests_than_it_has_pages():
    draw = random.Random(7)
    times = sorted({1 + day * 10_000 + draw.randrange(1500) for day in range(95) for _ in range(700)})
    server = Server(numbered(times))
    assert len(list(server.listing(concurrency=16))) == len(times)
    assert server.asked <= 1.5 * len(times) / 100 + 20


def test_only_some_pages_wait_while_the_reader_is_slow():
    server = Server(numbered(range(1, 900_001, 9)))
    reading = iter(server.listing(concurrency=4))
    for _ in range(150):
        next(reading)
    assert server.asked <= 4 * 3 + 4 * 7
    reading.close()


def test_entries_that_arrive_meanwhile_come_or_not_and_break_nothing():
    server = Server(numbered(range(1, 900_001, 301)))
    listing = server.listing(concurrency=4)
    reading = iter(listing)
    found = [next(reading) for _ in range(120)]
    late_inside = (found[5][0], 10_000)
    late_ahead = (77, 10_001)
    server.items = sorted([*server.items, late_inside, late_ahead], reverse=True)
    found += list(reading)
    assert late_inside not in found
    assert len(found) == len(set(found))
    assert set(found) >= set(server.items) - {late_inside, late_ahead}
    assert [at for at, _ in found] == sorted((at for at, _ in found), reverse=True)


class Late(Server):
    """A server at which entries arrive while the list is read: after so many requests, with any time."""

    def __init__(self, items, late, **options):
        super().__init__(items, **options)
        self.late = sorted(late)

    def page(self, since, until, limit):
        while self.late and self.late[0][0] <= self.asked:
            self.items = sorted([*self.items, self.late.pop(0)[1]], reverse=True)
        return super().page(since, until, limit)


@settings(max_examples=100, deadline=None)
@given(
    clusters,
    st.lists(st.tuples(st.integers(1, 30), st.integers(1, NOW)), max_size=20),
    st.integers(1, 100),
    st.integers(1, 8),
    st.booleans(),
)
def test_late_entries_neither_hide_nor_repeat_others(times, late, limit, concurrency, knows_oldest):
    """Concurrency 1 asks in one order; with more the late ones meet the reading at any place."""
    at_first = numbered(times)
    arriving = [(after, (at, 10_000 + number)) for number, (after, at) in enumerate(late)]
    server = Late(at_first, arriving)
    found = list(server.listing(limit=limit, concurrency=concurrency, knows_oldest=knows_oldest))
    assert len(found) == len(set(found))
    assert set(at_first) <= set(found) <= set(at_first) | {item for _, item in arriving}
    assert [at for at, _ in found] == sorted((at for at, _ in found), reverse=True)


def test_an_empty_list_is_one_request():
    server = Server([])
    assert list(server.listing()) == []
    assert server.asked == 1


def test_more_of_one_millisecond_than_a_page_holds_ends_and_repeats_nothing():
    server = Server(numbered([500] * 30 + [100, 900]), extends=False)
    found = list(server.listing(limit=10))
    assert len(found) == len(set(found))
    assert {at for at, _ in found} == {100, 500, 900}


def test_an_error_ends_the_reading():
    server = Server(numbered(range(1, 900_001, 301)))
    whole = server.page

    def failing(since, until, limit):
        if server.asked > 6:
            raise ServerFailed("no", status=500)
        return whole(since, until, limit)

    server.page = failing
    with pytest.raises(ServerFailed):
        list(server.listing())


@pytest.mark.parametrize(
    "page",
    [
        TimePage([(5, 1)], 3, 0, NOW, 0, last_ms=5),
        TimePage([(5, 1)], -1, 0, NOW, 10, last_ms=5),
        TimePage([(NOW + 5, 1)], 3, 0, NOW, 10, last_ms=NOW + 5),
        TimePage([(0, 1)], 3, 0, NOW, 10, last_ms=0),
    ],
)
def test_a_page_that_cannot_be_is_named(page):
    listing = TimeListing(
        lambda *_: page,
        lambda item: item[1],
        lambda item: item[0],
        since_ms=0,
        until_ms=NOW,
        limit=10,
        concurrency=2,
    )
    with pytest.raises(InvalidResponse):
        list(listing)


def test_a_server_that_never_ends_is_left():
    calls = []

    def page(since, until, limit):
        calls.append(until)
        return TimePage([(until, len(calls))], 5, since, until, limit, last_ms=until)

    listing = TimeListing(
        page, lambda item: item[1], lambda item: item[0], since_ms=0, until_ms=40, limit=10, concurrency=2
    )
    with pytest.raises(ProviderError):
        for _ in zip(range(10_000), listing, strict=False):
            pass
