"""The session object: a dictionary that reads its record on first use and knows what changed since."""

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

    Nothing is read until a key is looked at or set. If the store fails, that use and each later one in the same
    request raise `StoreUnavailable`. Two requests may change one session at once: keys merge one by one, and of
    a key that both changed the last write stays. A value is merged whole, so two requests that change different
    parts of one nested value do not merge.
    """

    def __init__(self, cookie_id: str | None, load: Callable[["StoredSession"], None]) -> None:
        self._load = load
        self._failure: StoreUnavailable | None = None
        self.is_loaded = False
        self.cookie_id = cookie_id  # as the browser sent it, whether or not it means anything
        self.was_ended_elsewhere = False  # by another request, while this one was under way
        super().__init__()
        self.hold("", {})

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"  # there are tokens in it

    @property
    def sid(self) -> str:
        """The id of this session; the browser learns it when the session is saved."""
        self.ensure_loaded()
        return self._sid

    @sid.setter
    def sid(self, sid: str) -> None:
        self._sid = sid

    @property
    def has_failed(self) -> bool:
        """Whether the store failed this session in this request."""
        return self._failure is not None

    def hold(self, sid: str, values: Mapping[str, Any], ends_at: float | None = None) -> None:
        """Become a session that is in no store yet; `ends_at` is the limit it inherits, if any."""
        self._become(sid, values)
        self.saved: Saved | None = None
        self.ends_at = ends_at

    def adopt(self, sid: str, saved: Saved) -> None:
        """Become the session that is stored like this."""
        self._become(sid, deepcopy(dict(saved.values)))
        self.saved = saved
        self.ends_at = saved.ends_at

    def contents(self) -> dict[str, Any]:
        return dict(dict.items(self))

    def changes(self) -> Changes:
        """Return what was set and deleted since the record was read, inside nested values too."""
        return Changes(self.saved.values if self.saved else {}, self.contents())

    def ensure_usable(self) -> None:
        """Raise StoreUnavailable if the store failed before, without asking it again."""
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
        """Make a failure of the store last for the request, so that no second use waits for it again."""
        try:
            yield
        except StoreUnavailable as error:
            self._failure = error
            raise

    def clear(self) -> None:
        """Delete all keys. (The base class would leave `_permanent` behind.)"""
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


# Every way into a dictionary. `__repr__` is not one of them: a debugger must not cause I/O.
for _name in (
    *("__bool__", "__contains__", "__eq__", "__getitem__", "__iter__", "__len__", "__ne__", "__or__"),
    *("__reversed__", "__ror__", "copy", "get", "items", "keys", "values"),
    *("__delitem__", "__ior__", "__setitem__", "clear", "pop", "popitem", "setdefault", "update"),
):
    setattr(StoredSession, _name, _loaded_first(_name))
