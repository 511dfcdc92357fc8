"""The session object: a dictionary that reads its record on first use and knows its changes."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from functools import wraps
from typing import Any

from flask_session.base import ServerSideSession
from werkzeug.datastructures import CallbackDict

from store.base import StoreUnavailable
from store.session_records import Changes, Saved


class StoredSession(ServerSideSession):  # type: ignore[misc]  # Flask-Session has no types
    """A session as views see it (`flask.session`).

    The record is read when a key is first read or set. If the store fails, this use and all later uses in the same
    request raise `StoreUnavailable`. Two requests may change one session at the same time: their changes merge key by
    key, and if both change a key, the last write wins. Nested values do not merge: the last write replaces the whole
    value.
    """

    def __init__(self, cookie_id: str | None, load: Callable[["StoredSession"], None]) -> None:
        self._load = load
        self._failure: StoreUnavailable | None = None
        self.is_loaded = False
        self.cookie_id = cookie_id  # as the browser sent it, valid or not
        self.was_ended_elsewhere = False  # by another request, while this one was running
        super().__init__()
        self.hold("", {})

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"  # the values hold tokens

    @property
    def sid(self) -> str:
        """Return the id of this session. The browser gets it when the session is saved."""
        self.ensure_loaded()
        return self._sid

    @sid.setter
    def sid(self, sid: str) -> None:
        self._sid = sid

    @property
    def has_failed(self) -> bool:
        """Tell if the store failed for this session in this request."""
        return self._failure is not None

    def hold(self, sid: str, values: Mapping[str, Any], ends_at: float | None = None) -> None:
        """Become a session that is not stored yet; `ends_at` is its inherited absolute limit, None for a new one."""
        self._become(sid, values)
        self.saved: Saved | None = None
        self.ends_at = ends_at

    def adopt(self, sid: str, saved: Saved) -> None:
        """Become this stored session."""
        self._become(sid, deepcopy(dict(saved.values)))
        self.saved = saved
        self.ends_at = saved.ends_at

    def contents(self) -> dict[str, Any]:
        return dict(dict.items(self))

    def changes(self) -> Changes:
        """Return the changes since the record was read, including changes in nested values."""
        return Changes(self.saved.values if self.saved else {}, self.contents())

    def ensure_usable(self) -> None:
        """Raise StoreUnavailable if the store failed earlier in this request, without calling it again."""
        if self._failure is not None:
            raise StoreUnavailable("the store failed earlier in this request") from self._failure

    def ensure_loaded(self) -> None:
        """Read the record, once. Raises StoreUnavailable."""
        self.ensure_usable()
        if self.is_loaded:
            return
        self.is_loaded = self.accessed = True
        with self.remembering_failure():
            self._load(self)

    @contextmanager
    def remembering_failure(self) -> Iterator[None]:
        """Remember a failure of the store for the rest of the request, so that later uses do not wait again."""
        try:
            yield
        except StoreUnavailable as error:
            self._failure = error
            raise

    def clear(self) -> None:
        """Delete all keys. (The base class would keep `_permanent`.)"""
        CallbackDict.clear(self)

    def _become(self, sid: str, values: Mapping[str, Any]) -> None:
        self._sid = sid
        dict.clear(self)
        dict.update(self, values)


def _loaded_first(name: str) -> Callable[..., Any]:
    method = getattr(StoredSession, name)

    @wraps(method)
    def call(self: StoredSession, *args: Any, **kwargs: Any) -> Any:
        self.ensure_loaded()
        return method(self, *args, **kwargs)

    return call


# All methods that read or change a dictionary. `__repr__` is not in the list, because a debugger must not cause I/O.
for _name in (
    *("__bool__", "__contains__", "__eq__", "__getitem__", "__iter__", "__len__", "__ne__", "__or__"),
    *("__reversed__", "__ror__", "copy", "get", "items", "keys", "values"),
    *("__delitem__", "__ior__", "__setitem__", "clear", "pop", "popitem", "setdefault", "update"),
):
    setattr(StoredSession, _name, _loaded_first(_name))
