import threading
from concurrent.futures import wait
from itertools import islice

import pytest

from providers.errors import Incomplete, InvalidResponse, ServerFailed, Throttled, Unreachable
from providers.paging.offset_listing import HEAD_START, list_all, outline
from providers.paging.offset_ranges import MAX_PARTS, fetch_range
from providers.paging.pages import Page
from providers.paging.workers import Workers


class Source:
    """A list on a server; `change` may alter it before a page is cut."""

    def __init__(self, size, change=None, stride=None):
        self.entries = list(range(size))
        self.asked = []
        self.change = change
        self.stride = stride
        self._lock = threading.Lock()

    def __call__(self, offset, limit):
        with self._lock:
            self.asked.append((offset, limit))
            if self.change:
                self.change(self, len(self.asked))
            limit = min(limit, self.stride or limit)
            return Page(self.entries[offset : offset + limit], len(self.entries), offset, limit)


def listed(source, **options):
    return list(list_all(source, key=lambda entry: entry, **options))


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 20, 99, 1431])
@pytest.mark.parametrize("concurrency", [1, 3, 16])
def test_every_entry_comes_once_and_in_order(size, concurrency):
    source = Source(size)
    assert listed(source, limit=10, concurrency=concurrency) == list(range(size))
    assert sorted(source.asked) == [(offset, 10) for offset in range(0, max(size, 1), 10)]


def test_the_stride_is_the_limit_that_came_back():
    source = Source(95, stride=20)
    assert listed(source, limit=100) == list(range(95))
    assert sorted(source.asked) == [(0, 100), (20, 20), (40, 20), (60, 20), (80, 20)]


def test_the_total_is_known_and_the_first_page_there_before_anything_else_is_asked_for():
    source = Source(95)
    listing = list_all(source, key=lambda entry: entry, limit=10)
    assert (listing.total, listing.first_page.items) == (95, list(range(10)))
    assert next(iter(listing)) == 0
    assert len(source.asked) == 1


def test_pages_are_fetched_at_once_up_to_the_allowed_concurrency_and_no_further():
    together = threading.Barrier(4)
    running, peak, lock = set(), [0], threading.Lock()
    source = Source(170)

    def fetch(offset, limit):
        if offset:
            with lock:
                running.add(offset)
                peak[0] = max(peak[0], len(running))
            together.wait(10)
            with lock:
                running.discard(offset)
        return source(offset, limit)

    assert listed(fetch, limit=10, concurrency=4) == list(range(170))
    assert peak[0] == 4


def test_a_slow_page_does_not_hold_up_those_after_it():
    """A window that slides: while the second page is awaited, the others of the window are fetched."""
    source, others = Source(80), threading.Semaphore(0)

    def fetch(offset, limit):
        if offset == 10:
            for _ in range(3):
                assert others.acquire(timeout=10)
        elif offset:
            others.release()
        return source(offset, limit)

    assert listed(fetch, limit=10, concurrency=2) == list(range(80))


def test_what_was_fetched_and_not_read_stays_bounded():
    source, filled = Source(10_000), threading.Event()

    def fetch(offset, limit):
        page = source(offset, limit)
        if len(source.asked) == 7:
            filled.set()
        return page

    listing = list_all(fetch, key=lambda entry: entry, limit=10, concurrency=3)
    entries = iter(listing)
    assert list(islice(entries, 2)) == [0, 1]
    assert filled.wait(10)
    listing.close()
    assert len(source.asked) == 7


def test_closing_stops_the_fetching():
    source, release = Source(10_000), threading.Event()

    def fetch(offset, limit):
        if offset:
            release.wait(10)
        return source(offset, limit)

    listing = list_all(fetch, key=lambda entry: entry, limit=10, concurrency=2)
    assert list(islice(listing, 5)) == [0, 1, 2, 3, 4]
    listing.close()
    release.set()
    assert list(listing) == []
    assert len(source.asked) <= 3


def test_a_page_that_fails_ends_the_list_after_those_before_it():
    source = Source(100)

    def fetch(offset, limit):
        if offset == 30:
            raise ServerFailed("down")
        return source(offset, limit)

    entries = iter(list_all(fetch, key=lambda entry: entry, limit=10))
    assert list(islice(entries, 30)) == list(range(30))
    with pytest.raises(ServerFailed):
        next(entries)


# A list that changes while it is read


def at(*calls):
    """Return a decorator: the change happens before these calls alone."""
    return lambda change: lambda source, call: change(source) if call in calls else None


def grow_in_front(source):
    source.entries.insert(0, 1_000_000 + len(source.entries))


def grow_at_the_end(source):
    source.entries.append(1_000_000 + len(source.entries))


def shrink(source):
    del source.entries[3]


def swap(source):
    shrink(source)
    grow_in_front(source)


def swap_far_behind(source):
    del source.entries[55]
    grow_in_front(source)


@pytest.mark.parametrize("change", [grow_in_front, grow_at_the_end, shrink, swap, swap_far_behind])
@pytest.mark.parametrize("call", [2, 3, 5, 7, 10])
@pytest.mark.parametrize("concurrency", [1, 4])
def test_what_stays_in_a_changing_list_is_listed_once(change, call, concurrency):
    source = Source(95, at(call)(change))
    entries = listed(source, limit=10, concurrency=concurrency)
    assert len(entries) == len(set(entries))
    assert set(entries) >= set(range(95)) & set(source.entries)


@pytest.mark.parametrize("change", [grow_in_front, grow_at_the_end])
def test_what_is_added_before_the_end_turns_up(change):
    source = Source(95, at(4)(change))
    assert set(listed(source, limit=10, concurrency=1)) == set(source.entries)


@pytest.mark.parametrize("change", [grow_in_front, grow_at_the_end])
def test_a_list_that_never_stops_growing_is_listed(change):
    source = Source(95, lambda source, _call: change(source))
    entries = listed(source, limit=10)
    assert len(entries) == len(set(entries))
    assert set(entries) >= set(range(95))


def test_a_list_that_never_stops_shrinking_is_incomplete():
    source = Source(500, lambda source, _call: shrink(source))
    with pytest.raises(Incomplete):
        listed(source, limit=10)


def test_a_list_that_shrinks_to_nothing_ends():
    def clear(source):
        source.entries.clear()

    source = Source(95, at(2)(clear))
    assert listed(source, limit=10) == list(range(10))


# A list that was read before


def guessed(source, guess, **options):
    return list_all(source, key=lambda entry: entry, limit=10, guess=guess, **options)


def seen(source):
    return outline(Page(source.entries[:10], len(source.entries), 0, 10), lambda entry: entry)


def after_others(source, count):
    """Return a fetch whose first page is read by the server when `count` others have been."""
    others = threading.Semaphore(0)

    def fetch(offset, limit):
        if offset == 0 and len(source.asked) <= count:
            for _ in range(count):
                assert others.acquire(timeout=10)
        page = source(offset, limit)
        if offset:
            others.release()
        return page

    return fetch


def slow_first(fetch):
    """Return a fetch whose first page takes longer than a head start."""

    def slowed(offset, limit):
        if offset == 0:
            threading.Event().wait(4 * HEAD_START)
        return fetch(offset, limit)

    return slowed


def test_a_right_guess_asks_for_all_pages_at_once():
    source, together = Source(95), threading.Barrier(10)

    def fetch(offset, limit):
        together.wait(10)
        return source(offset, limit)

    assert list(guessed(fetch, seen(source))) == list(range(95))
    assert sorted(source.asked) == [(offset, 10) for offset in range(0, 95, 10)]


def test_a_guess_does_not_ask_for_more_at_once_than_is_allowed():
    source, running, peak = Source(500), set(), []
    lock, first_is_due = threading.Lock(), threading.Event()

    def fetch(offset, limit):
        with lock:
            running.add(offset)
            peak.append(len(running))
        if offset == 0:
            first_is_due.wait(10)
        elif offset == 20:
            first_is_due.set()
        page = source(offset, limit)
        with lock:
            running.discard(offset)
        return page

    assert list(guessed(fetch, seen(source), concurrency=3)) == list(range(500))
    assert max(peak) <= 3


@pytest.mark.parametrize("change", [grow_in_front, grow_at_the_end, shrink, swap])
def test_a_wrong_guess_is_forgotten(change):
    source = Source(95)
    guess = seen(source)
    change(source)
    assert list(guessed(after_others(source, 5), guess)) == source.entries


def test_a_guess_at_a_list_that_is_empty_now_is_forgotten():
    source = Source(95)
    guess = seen(source)
    source.entries.clear()
    assert list(guessed(after_others(source, 5), guess)) == []


def test_a_quick_server_is_not_guessed_at():
    source = Source(95)
    listing = guessed(source, seen(source))
    assert len(source.asked) == 1
    assert list(listing) == list(range(95))


@pytest.mark.parametrize("change", [grow_in_front, grow_at_the_end, shrink, swap, swap_far_behind])
@pytest.mark.parametrize("call", range(1, 11))
@pytest.mark.parametrize("others", [1, 4, 9])
def test_with_a_guess_too_what_stays_in_a_changing_list_is_listed_once(change, call, others):
    source = Source(95, at(call)(change))
    entries = list(guessed(after_others(source, others), seen(source)))
    assert len(entries) == len(set(entries))
    assert set(entries) >= set(range(95)) & set(source.entries)


def test_pages_of_a_guess_that_fail_fail_the_list_where_they_stand():
    source = Source(95)

    def fetch(offset, limit):
        if offset == 30:
            raise ServerFailed("down")
        return source(offset, limit)

    entries = iter(guessed(slow_first(fetch), seen(source)))
    assert list(islice(entries, 30)) == list(range(30))
    with pytest.raises(ServerFailed):
        next(entries)


def test_a_first_page_that_fails_fails_the_list_whatever_was_guessed():
    source, others = Source(95), threading.Semaphore(0)

    def fetch(offset, limit):
        if offset == 0:
            assert others.acquire(timeout=10)
            raise ServerFailed("down")
        others.release()
        return source(offset, limit)

    with pytest.raises(ServerFailed):
        guessed(fetch, seen(source))


def test_closing_a_guessed_list_before_reading_it_stops_the_fetching():
    source, release = Source(10_000), threading.Event()

    def fetch(offset, limit):
        if offset > 20:
            release.wait(10)
        return slow_first(source)(offset, limit)

    listing = guessed(fetch, seen(source), concurrency=4)
    listing.close()
    release.set()
    assert list(listing) == []
    assert len(source.asked) <= 4


# Pages that cannot be


def broken(size, **wrong):
    """Return a fetch whose pages from offset 10 on are wrong in the given fields."""
    source = Source(size)

    def fetch(offset, limit):
        page = source(offset, limit)
        fields = {"items": page.items, "total": page.total, "offset": offset, "limit": page.limit}
        return Page(**fields | (wrong if offset else {}))

    return fetch


@pytest.mark.parametrize(
    "wrong",
    [{"offset": 0}, {"limit": 20}, {"limit": 0}, {"total": -1}, {"total": 10**8}, {"items": [7] * 11}],
)
def test_a_page_that_does_not_answer_the_question_is_invalid(wrong):
    with pytest.raises(InvalidResponse):
        listed(broken(50, **wrong), limit=10)


@pytest.mark.parametrize(
    ("offset", "limit", "total"), [(0, 0, 5), (0, 11, 5), (0, -1, 5), (5, 10, 5), (0, 10, 10**8)]
)
def test_a_first_page_that_cannot_be_is_invalid(offset, limit, total):
    with pytest.raises(InvalidResponse):
        list_all(lambda *_: Page([1], total, offset, limit), key=lambda entry: entry, limit=10)


@pytest.mark.parametrize("items", [[], [1], [20, 21, 22]])
def test_a_page_shorter_than_the_total_explains_is_incomplete(items):
    with pytest.raises(Incomplete):
        listed(broken(50, items=items), limit=10)


def test_the_same_page_over_and_over_is_incomplete():
    with pytest.raises(Incomplete):
        listed(lambda offset, limit: Page(list(range(limit)), 50, offset, limit), limit=10)


# A part of a list


@pytest.mark.parametrize("stride", [None, 100, 24, 20, 10, 7, 1])
@pytest.mark.parametrize("offset", [0, 24, 48, 72, 96, 120])
def test_a_range_is_whole_whatever_the_limit_of_the_server(stride, offset):
    page = fetch_range(Source(95, stride=stride), offset, 24)
    assert page == Page(list(range(95))[offset : offset + 24], 95, offset, 24)


def test_only_the_rest_is_asked_for_again():
    source = Source(95, stride=10)
    fetch_range(source, 24, 24)
    assert source.asked == [(24, 24), (34, 14), (44, 4)]


def test_a_page_shorter_than_its_limit_is_completed():
    source = Source(95)
    page = fetch_range(
        lambda offset, limit: Page(source(offset, min(limit, 9)).items, 95, offset, limit), 24, 24
    )
    assert page.items == list(range(24, 48))


@pytest.mark.parametrize("change", [grow_in_front, grow_at_the_end, shrink, swap])
@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_range_of_a_list_that_changed_once_is_of_one_moment(change, call):
    source = Source(95, at(call)(change), stride=10)
    before = list(source.entries)
    page = fetch_range(source, 24, 24)
    assert page.items in (before[24:48], source.entries[24:48])
    assert len(source.asked) <= 6


@pytest.mark.parametrize("change", [grow_in_front, grow_at_the_end, shrink])
def test_a_range_of_a_list_that_never_stops_changing_is_incomplete(change):
    source = Source(500, lambda source, _call: change(source), stride=10)
    with pytest.raises(Incomplete, match="still changing"):
        fetch_range(source, 24, 24)
    assert len(source.asked) == 8


def test_a_server_whose_pages_are_tiny_is_not_asked_for_ever():
    source = Source(500, stride=1)
    with pytest.raises(Incomplete, match="pages"):
        fetch_range(source, 0, 100)
    assert len(source.asked) == MAX_PARTS


@pytest.mark.parametrize(
    "wrong",
    [
        {"offset": 0},
        {"offset": 25},
        {"limit": 25},
        {"limit": 0},
        {"total": -1},
        {"total": 10**8},
        {"items": list(range(25))},
    ],
)
def test_a_range_from_a_page_that_cannot_be_is_invalid(wrong):
    fields = {"items": list(range(24)), "total": 95, "offset": 24, "limit": 24}
    with pytest.raises(InvalidResponse) as caught:
        fetch_range(lambda *_: Page(**fields | wrong), 24, 24, provider="somebody")
    assert caught.value.provider == "somebody"


@pytest.mark.parametrize(("items", "total"), [([], 95), ([1, 2, 3], 25), ([1, 2, 3], 0), ([1, 2, 3], 95)])
def test_a_range_that_contradicts_the_total_is_incomplete(items, total):
    with pytest.raises(Incomplete) as caught:
        fetch_range(lambda offset, limit: Page(items, total, offset, limit), 24, 24, provider="somebody")
    assert caught.value.provider == "somebody"


def test_errors_about_pages_name_the_provider():
    with pytest.raises(InvalidResponse) as caught:
        list_all(lambda *_: Page([1], 5, 5, 10), key=lambda entry: entry, limit=10, provider="somebody")
    assert caught.value.provider == "somebody"
    for fetch in (broken(50, items=[]), broken(50, offset=0)):
        with pytest.raises((InvalidResponse, Incomplete)) as caught:
            listed(fetch, limit=10, provider="somebody")
        assert caught.value.provider == "somebody"


def test_an_error_that_names_its_provider_keeps_it():
    def fetch(_offset, _limit):
        raise ServerFailed("down", provider="another")

    with pytest.raises(ServerFailed) as caught:
        fetch_range(fetch, 0, 24, provider="somebody")
    assert caught.value.provider == "another"


class SleepingClock:
    """A clock that moves only if somebody sleeps."""

    def __init__(self):
        self.now, self.naps = 100.0, []

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.naps.append(seconds)
        self.now += seconds


def workers_with_a_failed_guess(error, time):
    asked = []

    def fetch(offset, limit):
        asked.append(time.now)
        return Page([], 100, offset, limit)

    def fetch_ahead(offset, limit):
        raise error

    workers = Workers(fetch, 2, clock=time.clock, sleep=time.sleep, chance=lambda: 0.0)
    workers.ask([10], 10, fetch_ahead)
    workers.ask([20], 10, fetch_ahead)
    wait([guess.page for guess in workers._asked])
    return workers, asked


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (Throttled("no", retry_after=1.0), 1.0),
        (ServerFailed("no", retry_after=3.0), 3.0),
        (ServerFailed("no"), 0.2),
        (Unreachable("no"), 0.2),
        (Throttled("no"), 0.2),
        (Throttled("no", retry_after=0.0), 0.0),
    ],
)
def test_a_guess_that_failed_is_asked_for_when_the_server_wants_it(error, pause):
    time = SleepingClock()
    workers, asked = workers_with_a_failed_guess(error, time)
    workers.take()
    workers.take()
    assert asked == pytest.approx([100.0 + pause] * 2)
    assert time.naps == pytest.approx([pause, 0.0])
    workers.close()


def test_a_server_that_wants_a_long_pause_ends_the_list():
    time = SleepingClock()
    workers, asked = workers_with_a_failed_guess(Throttled("no", retry_after=30.0), time)
    with pytest.raises(Throttled):
        workers.take()
    assert (asked, time.naps) == ([], [])
    workers.close()
