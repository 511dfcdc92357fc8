"""A store of each kind, a clock to turn, and a Redis server of the test's own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from store.backends import open_store
from store.backends.sqlite import SqliteStore
from store.records import Records
from store.vault import Vault
from tests.support.session_app import make_app

ROOT = Path(__file__).resolve().parents[3]
CONTENDER = ROOT / "tests" / "support" / "contender.py"
SECRET_KEY = "a secret key of the tests, long enough"


class Clock:
    """Unix seconds that pass only when told to."""

    def __init__(self, now=1_790_000_000.0):
        self.now = now

    def __call__(self):
        return self.now

    def advance(self, seconds):
        self.now += seconds


class RedisServer:
    """A redis-server on a socket in a directory of its own. It can be stalled, stopped and started."""

    def __init__(self, directory, *options):
        self.directory = directory
        self.socket = f"{directory}/redis.sock"
        self.url = f"unix://{self.socket}"
        self._options = options

    def start(self):
        command = ["redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", self.directory]
        command += ["--save", "", "--appendonly", "no", *map(str, self._options)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        wait_for_line(self.process, "eady to accept connections")

    def stall(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def wait_for_line(process, text):
    seen = []
    for line in process.stdout:
        seen.append(line)
        if text in line:
            return line
    pytest.fail(f"{process.args[0]} ended early:\n{''.join(seen)}")


@contextmanager
def running_redis(*options):
    if shutil.which("redis-server") is None:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing("redis-server is not installed")
    # Not tmp_path: the path of a socket has to be shorter than 108 bytes.
    with tempfile.TemporaryDirectory(prefix="redis-") as directory:
        server = RedisServer(directory, *options)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def running_sentinel(master, port, service):
    """A Sentinel that watches the server at this port, on a port of its own, which it yields."""
    own_port = free_port()
    configuration = Path(master.directory, "sentinel.conf")
    configuration.write_text(
        f"port {own_port}\nbind 127.0.0.1\ndir {master.directory}\n"
        f"sentinel monitor {service} 127.0.0.1 {port} 1\n"
    )
    process = subprocess.Popen(
        ["redis-server", str(configuration), "--sentinel"], stdout=subprocess.PIPE, text=True
    )
    try:
        wait_for_line(process, "+monitor")
        yield own_port
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def shared_redis():
    with running_redis() as server:
        yield server


@pytest.fixture
def redis_server():
    """A server for a test that does it harm."""
    with running_redis() as server:
        yield server


@pytest.fixture
def start_redis():
    return running_redis


@pytest.fixture
def sentinel_port():
    """The port of a Sentinel that knows a server with the password "correct" as "cars"."""
    port = free_port()
    with (
        running_redis("--port", port, "--bind", "127.0.0.1", "--requirepass", "correct") as master,
        running_sentinel(master, port, "cars") as own_port,
    ):
        yield own_port


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sqlite_path(tmp_path):
    return tmp_path / "instance" / "store.sqlite3"


@pytest.fixture(params=["sqlite", "redis"])
def store_url(request, sqlite_path):
    if request.param == "sqlite":
        return f"sqlite:///{sqlite_path}"
    server = request.getfixturevalue("shared_redis")
    from redis import Redis

    with Redis.from_url(server.url) as client:
        client.flushall()
    return server.url


@pytest.fixture
def store(store_url, clock):
    store = open_store(store_url, clock)
    yield store
    store.close()


@pytest.fixture
def sqlite_store(sqlite_path, clock):
    store = SqliteStore(sqlite_path, clock)
    yield store
    store.close()


@pytest.fixture
def secret_key():
    return SECRET_KEY


@pytest.fixture
def vault(secret_key):
    return Vault(secret_key)


@pytest.fixture
def records(store, vault):
    return Records(store, vault)


@pytest.fixture
def start_contender():
    """Start a process that works on a store beside this one; see contender.py."""
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, str(CONTENDER), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


@pytest.fixture
def app(records, clock):
    return make_app(records, clock)


@pytest.fixture
def browser(app):
    return app.test_client()


@pytest.fixture
def late(app):
    """Requests with any cookie header, where `browser` would send the cookies it has."""
    return app.test_client(use_cookies=False)
