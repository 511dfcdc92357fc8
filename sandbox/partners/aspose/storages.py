"""The storages of an Aspose account: files in folders, in memory, bounded."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from sandbox.partners.aspose.documents import as_docx, as_pdf
from sandbox.partners.aspose.html_blocks import Block
from sandbox.world.clock import Clock
from sandbox.world.seeds import Seed

MOST_FILES = 500
MOST_BYTES = 64 * 1024 * 1024
LONGEST_PATH = 500
FIRST_SEEDED_MS = 1_709_625_600_000  # 2024-03-05T08:00:00Z
DAY_MS = 24 * 3600 * 1000


class BadPath(Exception):
    """A path that cannot be a file's, or that is a folder's."""


class PathNotFound(Exception):
    """No such storage, folder or file."""


class StorageFull(Exception):
    """The storages hold MOST_FILES files or MOST_BYTES bytes; the sandbox keeps no more."""


@dataclass(frozen=True)
class File:
    """The content of a file, and when it was last written, in Unix milliseconds."""

    content: bytes
    modified_ms: int


@dataclass(frozen=True)
class Entry:
    """One entry of a folder's list. A folder has the time of its newest file, and size 0."""

    name: str
    path: str
    is_folder: bool
    modified_ms: int
    size: int

    def as_json(self) -> dict[str, object]:
        """Return the entry as the SDK's StorageFile (aspose-words-cloud-python, models/storage_file.py)."""
        modified = datetime.fromtimestamp(self.modified_ms // 1000, UTC)
        return {
            "Name": self.name,
            "IsFolder": self.is_folder,
            "ModifiedDate": modified.isoformat(),
            "Size": self.size,
            "Path": self.path,
        }


class Storages:
    """All storages of the account: the default one with some files, and a second one without files."""

    def __init__(self, seed: Seed, clock: Clock, default: str) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seed = seed
        self._default = default

    @cached_property
    def _files(self) -> dict[str, dict[str, File]]:
        """All files by storage and path. Made at first use, under the lock: the sandbox starts sooner."""
        return {self._default: _seeded(self._seed), "Archive": {}}

    def read(self, path: str, storage: str | None) -> File:
        """Return a file; raises BadPath and PathNotFound."""
        place = normal_path(path)
        with self._lock:
            file = self._of(storage).get(place)
        if file is None:
            raise PathNotFound
        return file

    def write(self, path: str, content: bytes, storage: str | None) -> str:
        """Write or replace a file and return its name; raises BadPath, PathNotFound and StorageFull."""
        place = normal_path(path)
        if place == "/":
            raise BadPath
        with self._lock:
            files = self._of(storage)
            _check_place(files, place)
            self._make_room(files.get(place), len(content))
            files[place] = File(content, self._clock.now_ms())
        return place.rpartition("/")[2]

    def list_folder(self, path: str, storage: str | None) -> list[Entry]:
        """Return the entries of a folder by name, folders first; raises BadPath and PathNotFound."""
        place = normal_path(path)
        start = place.rstrip("/") + "/"
        with self._lock:
            inside = {name: file for name, file in self._of(storage).items() if name.startswith(start)}
        if not inside and place != "/":
            raise PathNotFound
        entries: dict[str, Entry] = {}
        for name, file in inside.items():
            _add_entry(entries, start, name, file)
        return sorted(entries.values(), key=lambda entry: (not entry.is_folder, entry.name))

    def _of(self, storage: str | None) -> dict[str, File]:
        try:
            return self._files[self._default if storage is None else storage]
        except KeyError:
            raise PathNotFound from None

    def _make_room(self, old: File | None, size: int) -> None:
        """Raise StorageFull when there is no room for a file of ``size`` bytes that replaces ``old``."""
        kept = [file for files in self._files.values() for file in files.values()]
        total = sum(len(file.content) for file in kept) - (len(old.content) if old else 0)
        if total + size > MOST_BYTES or (old is None and len(kept) >= MOST_FILES):
            raise StorageFull


def normal_path(path: str) -> str:
    """Return a path with one slash before each name and none at the end; raises BadPath."""
    names = [name for name in path.split("/") if name]
    if len(path) > LONGEST_PATH or any(_is_bad(name) for name in names):
        raise BadPath
    return "/" + "/".join(names)


def _is_bad(name: str) -> bool:
    return name in (".", "..") or "\\" in name or any(c < " " or c == "\x7f" for c in name)


def _check_place(files: dict[str, File], place: str) -> None:
    """Raise BadPath when the path is a folder's, or when one of its folders is a file."""
    parents = [place[:at] for at, c in enumerate(place) if c == "/" and at]
    if any(parent in files for parent in parents) or any(name.startswith(place + "/") for name in files):
        raise BadPath


def _add_entry(entries: dict[str, Entry], start: str, path: str, file: File) -> None:
    name, slash, _ = path[len(start) :].partition("/")
    old = entries.get(name)
    modified_ms = max(file.modified_ms, old.modified_ms if old else 0)
    entries[name] = Entry(name, start + name, bool(slash), modified_ms, 0 if slash else len(file.content))


def _seeded(seed: Seed) -> dict[str, File]:
    """Return the first files: real documents, with dates that depend on the seed."""
    notice = [Block("Vehicle report", 20, True), Block("A file of the sandbox. It holds no real data.")]
    made = {
        "/Templates/vehicle-report.docx": as_docx(notice),
        "/Archive/2023/fleet-overview.pdf": as_pdf(notice),
        "/fleet-overview.pdf": as_pdf(notice),
        "/handbook.docx": as_docx(notice),
    }
    return {
        path: File(content, FIRST_SEEDED_MS + seed.number("aspose " + path, 300) * DAY_MS)
        for path, content in made.items()
    }
