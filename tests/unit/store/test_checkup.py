"""Whose file a store would be, and what is said of it. Other users are played by another answer to "who am I"."""

import os

import pytest

from store.checkup import examine_file, is_left_alone


@pytest.fixture
def somebody_else(monkeypatch):
    """Run as a user who owns nothing here and may write everything, as root may."""
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    monkeypatch.setattr(os, "access", lambda _path, _mode: True)


@pytest.fixture
def place(tmp_path):
    """A directory that is private, for the store's file to be in."""
    place = tmp_path / "kept"
    place.mkdir(mode=0o700)
    return place


def issues(path):
    return [issue.code for issue in examine_file(path, path.parent / "static")]


def test_a_file_that_is_not_there_is_not_made_in_anothers_directory(place, somebody_else):
    path = place / "store.sqlite3"
    assert is_left_alone(path)
    assert issues(path) == ["store_not_tried"]
    assert is_left_alone(place / "new" / "newer" / "store.sqlite3")
    assert issues(place / "new" / "newer" / "store.sqlite3") == ["store_not_tried"]
    assert list(place.iterdir()) == []


def test_a_file_that_is_anothers_is_named_and_may_be_tried(place, somebody_else):
    path = place / "store.sqlite3"
    path.touch(mode=0o600)
    assert not is_left_alone(path)
    assert issues(path) == ["store_file_not_ours"]


def test_a_file_of_ours_may_be_made_in_a_directory_of_ours(place):
    for path in (place / "store.sqlite3", place / "new" / "store.sqlite3"):
        assert not is_left_alone(path)
        assert issues(path) == []


def test_where_nothing_can_be_written_the_attempt_says_so(place, somebody_else, monkeypatch):
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    assert not is_left_alone(place / "store.sqlite3")
