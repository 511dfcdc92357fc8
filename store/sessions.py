"""Flask sessions in our own store: sealed, merged on write. Reading extends a session without rewriting it.

Flask-Session gives the interface (`ServerSideSession`, `regenerate`). Our code replaces the reading and writing of
records, above all the serializers: they fall back to pickle, so none is ever created here.
"""

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, Request, Response
from flask_session.base import ServerSideSessionInterface

from store.records import Records
from store.session_records import EndedElsewhere, Saved, SessionRecords
from store.stored_session import StoredSession

SESSION_ID_BYTES = 32
SESSION_ID = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 bytes in base64


class StoreSessionInterface(ServerSideSessionInterface):  # type: ignore[misc]  # Flask-Session has no types
    """Open and save `flask.session`. The cookie follows Flask's own settings (`SESSION_COOKIE_...`).

    A session ends if no request has used it for `idle`, at `absolute` after its start, or at its `_expires_at`,
    whichever comes first. A request does not touch the store if it does not use its session, or if it has no cookie
    and sets nothing. Values are JSON.
    """

    session_class = StoredSession

    # These are abstract in the base class, where open_session, save_session and regenerate call them. Ours do not.
    _retrieve_session_data = _delete_session = _upsert_session = None

    def __init__(
        self,
        app: Flask,
        records: Records,
        clock: Callable[[], float] = time.time,
        idle: timedelta = timedelta(hours=12),
        absolute: timedelta = timedelta(days=7),
    ) -> None:
        # Do not call the base class's __init__: it only adds a serializer that can unpickle.
        self.app = app
        self._sessions = SessionRecords(records, clock, idle=idle, absolute=absolute)

    def open_session(self, app: Flask, request: Request) -> StoredSession:
        return StoredSession(request.cookies.get(self.get_cookie_name(app)), self._load)

    def save_session(self, app: Flask, session: StoredSession, response: Response) -> None:
        """Write unsaved changes, then set or delete the cookie if the browser's cookie is wrong.

        If the response already sets the cookie (`reissue`), it stays.
        """
        if session.accessed:
            response.vary.add("Cookie")
        if not session.is_loaded or session.has_failed:
            return
        self.commit(session)
        if session.was_ended_elsewhere or self._sets_cookie(response):
            return
        if session.saved is None:
            if session.cookie_id is not None:
                response.delete_cookie(self.get_cookie_name(app), **self._cookie_attributes())
        elif session.sid != session.cookie_id:
            self._set_cookie(response, session.sid, session.saved)

    def commit(self, session: StoredSession) -> None:
        """Write the changes now, so that the view sees a failure. Raises StoreUnavailable.

        After a failure the session is unusable for the rest of the request, and no cookie is set. If another request
        has ended the session meanwhile, the changes are dropped.
        """
        session.ensure_usable()
        if not session.is_loaded or session.was_ended_elsewhere or not session.changes():
            return
        with session.remembering_failure():
            self._write(session)

    def regenerate(self, session: StoredSession) -> None:
        """Give the session a new id; the old id is invalid at once. Raises StoreUnavailable.

        The values are kept. If any of them is older than this request, the absolute limit is kept too; otherwise the
        session gets a new limit. If another request has already ended the session, its stored values are not kept.
        """
        session.ensure_loaded()
        values, ends_at = session.contents(), session.ends_at
        if session.saved is not None:
            changes = session.changes()
            with session.remembering_failure():
                last = self._sessions.end(session.sid)
            before = last.values if last else {}
            values = changes.applied_to(before)
            ends_at = session.ends_at if changes.untouched(before) else None
        session.hold(self._fresh_id(), values, ends_at)
        session.was_ended_elsewhere = False

    def destroy(self, session: StoredSession) -> None:
        """Empty and end the session; its id is invalid at once. Saving deletes the cookie. Raises StoreUnavailable.

        If another request has ended the session meanwhile, the cookie is not deleted: the browser may already hold
        the cookie of the next session.
        """
        session.ensure_loaded()
        if session.saved is not None:
            with session.remembering_failure():
                session.was_ended_elsewhere = self._sessions.end(session.sid) is None
        session.hold(self._fresh_id(), {})

    def end(self, session_id: str) -> Mapping[str, Any]:
        """End a session by its id, which is invalid at once. Return its last values. Raises StoreUnavailable."""
        saved = self._sessions.end(session_id)
        return saved.values if saved else {}

    def reissue(self, session_id: str, response: Response) -> bool:
        """Set the cookie of a session that belongs to this browser; return False if the session has ended.

        This is for the second of two identical callbacks, because the first one made the session. Raises
        StoreUnavailable.
        """
        saved = self._sessions.find(session_id)
        if saved is None:
            return False
        self._set_cookie(response, session_id, saved)
        return True

    def _load(self, session: StoredSession) -> None:
        session.hold(self._fresh_id(), {})
        sid = session.cookie_id
        if sid is None or not SESSION_ID.fullmatch(sid):
            return
        saved = self._sessions.find(sid)
        if saved is None:
            session.was_ended_elsewhere = self._sessions.ended_lately(sid)
        else:
            session.adopt(sid, saved)
            self._sessions.extend(sid, saved)

    def _write(self, session: StoredSession) -> None:
        try:
            if session.saved is None:
                saved = self._sessions.create(session.sid, session.contents(), session.ends_at)
            else:
                saved = self._sessions.update(session.sid, session.saved, session.changes())
        except EndedElsewhere:
            session.was_ended_elsewhere = True
            saved = None
        if saved is None:
            session.hold(self._fresh_id(), {})
        else:
            session.adopt(session.sid, saved)

    def _fresh_id(self) -> str:
        return str(self._generate_sid(SESSION_ID_BYTES))

    def _sets_cookie(self, response: Response) -> bool:
        start = f"{self.get_cookie_name(self.app)}="
        return any(value.startswith(start) for value in response.headers.getlist("Set-Cookie"))

    def _set_cookie(self, response: Response, sid: str, saved: Saved) -> None:
        """Set the cookie: until the absolute limit if the session is `permanent`, else until the browser closes."""
        response.set_cookie(
            self.get_cookie_name(self.app),
            sid,
            expires=datetime.fromtimestamp(saved.ends_at, UTC) if saved.values.get("_permanent") else None,
            **self._cookie_attributes(),
        )

    def _cookie_attributes(self) -> dict[str, Any]:
        """Return the attributes for setting and deleting: a browser ignores a deletion with other attributes."""
        return {
            "path": self.get_cookie_path(self.app),
            "domain": self.get_cookie_domain(self.app),
            "secure": self.get_cookie_secure(self.app),
            "httponly": self.get_cookie_httponly(self.app),
            "samesite": self.get_cookie_samesite(self.app),
            "partitioned": self.get_cookie_partitioned(self.app),
        }
