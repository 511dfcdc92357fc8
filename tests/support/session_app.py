"""A small app with one view for each action on a session, and helpers for its responses."""

from datetime import timedelta

from flask import Flask, flash, get_flashed_messages, request, session

from store.base import Store, StoreUnavailable
from store.records import fingerprint
from store.sessions import StoreSessionInterface

IDLE, ABSOLUTE = timedelta(hours=2), timedelta(hours=24)
OTHER_ID = "A" * 43


def make_app(records, clock, **config):
    app = Flask("store")
    app.config.update(TESTING=True, SESSION_COOKIE_NAME="sid", **config)
    sessions = app.session_interface = StoreSessionInterface(app, records, clock, IDLE, ABSOLUTE)

    @app.errorhandler(StoreUnavailable)
    def store_down(error):
        return "store down", 503

    @app.get("/untouched")
    def untouched():
        return "untouched"

    @app.get("/get")
    def get():
        return dict(session)

    @app.get("/set")
    def set_keys():
        session.update({key: value for key, value in request.args.items() if value})
        for key, value in request.args.items():
            if not value:
                session.pop(key, None)
        return "set"

    @app.get("/nested")
    def nested():
        session.setdefault("list", []).append(1)
        return "nested"

    @app.get("/clear")
    def clear():
        session.clear()
        return "cleared"

    @app.get("/regenerate")
    def regenerate():
        sessions.regenerate(session)
        return session.sid

    @app.get("/connect")
    def connect():
        session.clear()
        sessions.regenerate(session)
        session["driver"] = "new"
        sessions.commit(session)
        return session.sid

    @app.get("/disconnect")
    def disconnect():
        sessions.destroy(session)
        return "disconnected"

    @app.get("/expires/<float:at>")
    def expires(at):
        session["_expires_at"] = at
        return "limited"

    @app.get("/permanent")
    def permanent():
        session.permanent = True
        session["driver"] = "a"
        return "permanent"

    @app.get("/flash")
    def add_message():
        flash("Hello", "info")
        return "flashed"

    @app.get("/messages")
    def messages():
        return [list(message) for message in get_flashed_messages(with_categories=True)]

    return app


def cookie_of(response):
    """Return the value that a response gives the session cookie: None if it sets none, "" if it deletes the cookie."""
    values = [value for value in response.headers.getlist("Set-Cookie") if value.startswith("sid=")]
    assert len(values) < 2
    return values[0].split(";")[0].removeprefix("sid=") if values else None


def key_of(sid):
    return "session:" + fingerprint(sid)


def sid_of(browser):
    return browser.get_cookie("sid").value


class DeadStore(Store):
    """A store whose methods all fail. It counts the calls."""

    def __init__(self):
        self.calls = 0

    def _fail(self, *arguments):
        self.calls += 1
        raise StoreUnavailable("dead")

    get = add = put = replace = touch = pop = ping = purge = close = _fail
