"""Times as people write them on the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import click
import pytest

from cli.times import read_time, shown, zone_of

NOW = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW),
        ("2 days ago", NOW - timedelta(days=2)),
        ("1 day ago", NOW - timedelta(days=1)),
        ("90 minutes ago", NOW - timedelta(minutes=90)),
        ("3h", NOW - timedelta(hours=3)),
        ("1 week ago", NOW - timedelta(weeks=1)),
        ("2  Weeks AGO", NOW - timedelta(weeks=2)),
        ("1795000000000", datetime.fromtimestamp(1795000000, UTC)),
        ("2026-06-01T12:00:00Z", datetime(2026, 6, 1, 12, tzinfo=UTC)),
        ("2026-06-01T12:00:00+02:00", datetime(2026, 6, 1, 10, tzinfo=UTC)),
        ("2026-06-01T12:00", datetime(2026, 6, 1, 10, tzinfo=UTC)),
        ("2026-06-01", datetime(2026, 5, 31, 22, tzinfo=UTC)),
        # In Berlin it is the 27th already.
        ("today", datetime(2026, 11, 26, 23, tzinfo=UTC)),
        ("yesterday", datetime(2026, 11, 25, 23, tzinfo=UTC)),
    ],
)
def test_what_a_person_writes(text, expected):
    assert read_time(text, NOW, BERLIN) == expected


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-13-01", "5 parsecs ago", "99999999999999999999", "-1 day ago"]
)
def test_what_is_no_time_is_said(text):
    with pytest.raises(click.BadParameter, match="2 days ago"):
        read_time(text, NOW, UTC)


def test_zones():
    assert zone_of(None) is None
    assert zone_of("utc") is UTC
    assert zone_of("Europe/Berlin") == BERLIN
    for name in ("Nowhere/Town", "../etc/passwd", "x" * 500):
        with pytest.raises(click.BadParameter):
            zone_of(name)


def test_times_are_shown_in_the_readers_zone():
    assert shown(NOW, BERLIN) == "2026-11-27 00:30:00"
    assert shown(NOW, UTC) == "2026-11-26 23:30:00"
    assert shown(None, UTC) == ""
