"""What lies in the store's own bytes: none of the secrets that were put into it."""

from datetime import timedelta

from flask import Flask, session
from redis import Redis

from store.attempts import Attempts
from store.backends import open_store
from store.backends.sqlite import SqliteStore
from store.records import Records
from store.sessions import StoreSessionInterface
from store.vault import Vault

SECRET_KEY = "canary-secret-key-of-this-application"


def use_everything(store):
    """Go through a whole flow; return every secret that was part of it."""
    records = Records(store, Vault(SECRET_KEY))
    attempts, app = Attempts(records), Flask("store")
    app.session_interface = StoreSessionInterface(app, records, idle=timedelta(hours=1))

    @app.get("/connect")
    def connect():
        session["access_token"] = "canary-access-token"
        app.session_interface.regenerate(session)
        session["refresh_token"] = "canary-refresh-token"
        app.session_interface.commit(session)
        return session.sid

    pending, pending_secret = attempts.start("/canary-next-path", "canary-verifier-pending")
    finished, finished_secret = attempts.start("/canary-next-path", "canary-verifier-finished")
    sid = app.test_client().get("/connect").text
    attempts.take(finished.id)
    attempts.finish(finished.id, sid)
    return [
        *("canary", SECRET_KEY, sid, "access_token"),
        *(pending.id, pending_secret, finished.id, finished_secret),
    ]


def assert_hidden(secrets, raw):
    assert len(raw) > 500
    for secret in secrets:
        assert secret.encode() not in raw


def test_sqlite_files_hold_no_secret(tmp_path):
    store = SqliteStore(tmp_path / "private" / "store.sqlite3")
    secrets = use_everything(store)
    files = list((tmp_path / "private").iterdir())
    assert {file.name for file in files} == {"store.sqlite3", "store.sqlite3-wal", "store.sqlite3-shm"}
    assert_hidden(secrets, b"".join(file.read_bytes() for file in files))
    store.close()
    assert_hidden(secrets, (tmp_path / "private" / "store.sqlite3").read_bytes())


def test_redis_holds_no_secret(redis_server):
    store = open_store(redis_server.url)
    secrets = use_everything(store)
    with Redis.from_url(redis_server.url) as client:
        keys = client.keys()
        assert len(keys) == 3  # two attempts, one session: the first id was never stored
        assert_hidden(secrets, b"".join(key + client.get(key) for key in keys))
    store.close()
