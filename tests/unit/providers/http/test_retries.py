import pytest

from providers.errors import ProviderError
from providers.http.headers import retry_after_seconds
from providers.http.retries import Retries

NOW = 1_700_000_000.0


def test_jitter_spans_from_nothing_to_a_bound_that_doubles():
    failure = ProviderError("x", is_transient=True)
    highest = Retries(random=lambda: 1.0, base=0.5, cap=0.8)
    lowest = Retries(random=lambda: 0.0)
    assert [highest.pause(failure, attempt, 100) for attempt in range(2)] == [0.5, 0.8]
    assert lowest.pause(failure, 0, 100) == 0


def test_it_gives_up_after_two_and_on_what_will_not_pass():
    retries = Retries(random=lambda: 0.0)
    assert retries.pause(ProviderError("x", is_transient=True), 2, 100) is None
    assert retries.pause(ProviderError("x"), 0, 100) is None


def test_retry_after_counts_when_it_fits_into_the_time_left():
    retries = Retries(random=lambda: 0.5, base=0.2)
    failure = ProviderError("x", is_transient=True, retry_after=3.0)
    assert retries.pause(failure, 0, 4.0) == pytest.approx(3.1)
    assert retries.pause(failure, 0, 3.0) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("999999999999999", 86_400),
        ("Tue, 14 Nov 2023 22:13:50 GMT", 30),
        ("Tue, 14 Nov 2023 22:13:50 -0000", 30),
        ("Tue, 14 Nov 2023 22:13:10 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("Mon, 01 Jan 0001 00:00:00 +1400", 0),
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None),
        ("Wed, 21 Oct 2026 07:28:00 +99999999999999999999", None),
        ("Wed, 21 Oct 2026 99999999999:28:00 GMT", None),
        ("Wed, 99 Foo 2026 07:28:00 GMT", None),
        ("9" * 5000, 86_400),
        ("Wed," * 2000, None),
        ("nan", None),
        ("1e9", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    assert retry_after_seconds(header, NOW) == seconds
