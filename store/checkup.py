"""Check a store: does it keep entries, and is its file closed to other users."""

from __future__ import annotations

import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from store.base import Store, StoreError

CHECKUP_SECONDS = 60.0
_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class StoreIssue:
    """One problem with the file or directory of a store, and the one change that fixes it, as texts.

    `is_fatal` means that the store cannot work like this; `is_severe` means that it must not be used like this.
    """

    code: str
    title: str
    what: str
    todo: str
    is_severe: bool = True
    is_fatal: bool = False


def round_trip(store: Store) -> None:
    """Add, read, replace and remove an entry under a new random key.

    Raises StoreUnavailable if the backend fails, and StoreError if it does not return what it was given.
    """
    key = f"checkup:{secrets.token_urlsafe(16)}"
    first, second = secrets.token_bytes(64), secrets.token_bytes(64)
    _expect(store.add(key, first, CHECKUP_SECONDS), "does not take a new entry")
    _expect(not store.add(key, second, CHECKUP_SECONDS), "takes an entry twice")
    entry = store.get(key)
    _expect(entry is not None and entry.value == first, "does not give back what it took")
    version = entry.version if entry else 0
    _expect(store.replace(key, second, CHECKUP_SECONDS, version), "does not replace an entry")
    popped = store.pop(key)
    _expect(popped is not None and popped.value == second, "does not give back what replaced an entry")
    _expect(store.get(key) is None, "keeps an entry that was removed")


def _expect(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise StoreError(f"the store {otherwise}")


def file_of(url: str) -> Path | None:
    """Return the file that a `STORE_URL` names; None if the store is not a file."""
    path = url.removeprefix(_SQLITE)
    return None if path == url else Path(path).absolute()


def is_left_alone(path: Path) -> bool:
    """Tell if the store must not be used now, because the first use would create its file for the wrong user.

    This is the case if the file is missing and its directory belongs to another user. For example, if root creates
    the file in a deploy script, the service cannot write it afterwards.
    """
    place = _nearest_existing(path)
    about = _stat(place)
    if place == path or about is None:
        return False
    return about.st_uid != os.geteuid() and os.access(place, os.W_OK)


def _nearest_existing(path: Path) -> Path:
    return next((place for place in (path, *path.parents) if _stat(place) is not None), path)


def examine_file(path: Path, static: Path) -> tuple[StoreIssue, ...]:
    """Return the issues of a store's file and its directory; `static` is the folder that everybody can read.

    Reads modes and owners and writes nothing. If the file does not exist yet, only its directory is checked.
    """
    found: list[StoreIssue] = []
    if path.resolve().is_relative_to(static.resolve()):
        found.append(
            StoreIssue(
                "store_in_static",
                "The store is served to everybody",
                f"{path} is inside of {static.name}/, whose files anybody may download.",
                "Set STORE_URL to a file outside of it, for example sqlite:///instance/store.sqlite3.",
            )
        )
    if is_left_alone(path):
        found.append(_not_made(path))
    for part in (path, *(Path(f"{path}{suffix}") for suffix in ("-wal", "-shm"))):
        found += _file_issues(part)
    found += _directory_issues(path.parent)
    if {"store_not_tried", "store_file_not_ours"} & {issue.code for issue in found}:  # these say the same
        found = [issue for issue in found if issue.code != "store_directory_not_ours"]
    return tuple({issue.code: issue for issue in reversed(found)}.values())[::-1]


def _not_made(path: Path) -> StoreIssue:
    what = (
        f"{path} is not there yet, and {_nearest_existing(path)} belongs to another user than the one this runs as. "
        "The store was not tried, since its file would then be this user’s."
    )
    todo = "Run this as the user that the site runs as."
    return StoreIssue("store_not_tried", "The store was not tried", what, todo, is_severe=False)


def _file_issues(path: Path) -> list[StoreIssue]:
    about = _stat(path)
    if about is None:
        return []
    if not stat.S_ISREG(about.st_mode):
        what = f"{path} is not an ordinary file."
        todo = "Set STORE_URL to the file that the store is to be kept in."
        return [StoreIssue("store_no_file", "The store is not a file", what, todo, is_fatal=True)]
    found = _access_issues(path, about, "file")
    if about.st_mode & 0o077:
        what = (
            f"{path} can be opened by other users of this machine (mode {stat.S_IMODE(about.st_mode):04o})."
        )
        found.append(
            StoreIssue(
                "store_file_open", "Others can open the store", what, f"Take that from them: chmod 600 {path}"
            )
        )
    return found


def _directory_issues(path: Path) -> list[StoreIssue]:
    about = _stat(path)
    if about is None:
        return []
    if not stat.S_ISDIR(about.st_mode):
        what = f"{path} is not a directory."
        todo = "Set STORE_URL to a file in a directory."
        return [StoreIssue("store_no_directory", "The store has no directory", what, todo, is_fatal=True)]
    found = _access_issues(path, about, "directory")
    if about.st_mode & 0o022:
        # A user who may write to the directory can replace the file, unless the sticky bit forbids it.
        is_severe = bool(about.st_mode & 0o002) and not about.st_mode & stat.S_ISVTX
        # A directory that many use, like /tmp, must not be closed to them.
        is_ours = about.st_uid == os.geteuid() and not about.st_mode & stat.S_ISVTX
        todo = "Keep the store in a directory of its own, with mode 700: set STORE_URL to a file in it."
        if is_ours:
            todo = f"Keep the store in a directory of its own: chmod 700 {path}, or another STORE_URL."
        found.append(
            StoreIssue(
                "store_directory_open",
                "Others can write beside the store",
                f"{path} can be written to by other users (mode {stat.S_IMODE(about.st_mode):04o}).",
                todo,
                is_severe,
            )
        )
    return found


def _access_issues(path: Path, about: os.stat_result, kind: str) -> list[StoreIssue]:
    if not os.access(path, os.R_OK | os.W_OK):
        what = f"The {kind} {path} cannot be read and written by the user this runs as."
        todo = f"Give it to that user: chown it, and chmod u+rw {path}"
        return [
            StoreIssue(f"store_{kind}_not_writable", "The store cannot be written", what, todo, is_fatal=True)
        ]
    if about.st_uid != os.geteuid():
        what = f"The {kind} {path} belongs to another user than the one this runs as."
        todo = (
            f"Run this as the user that owns it, or give it to the user that the site runs as: chown {path}"
        )
        return [StoreIssue(f"store_{kind}_not_ours", "The store belongs to somebody else", what, todo, False)]
    return []


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:  # missing or not accessible; the round trip reports it
        return None
