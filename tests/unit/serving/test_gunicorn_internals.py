"""The internals of gunicorn that serving/worker.py relies on, by name: an upgrade that changes one fails here first."""

import inspect
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from gunicorn import glogging, util
from gunicorn.http import errors, get_parser
from gunicorn.http.body import Body, ChunkedReader, LengthReader
from gunicorn.http.unreader import IterUnreader, SocketUnreader
from gunicorn.workers import gthread

ROOT = Path(__file__).resolve().parents[3]
# What the worker overrides or calls, with the names of the parameters.
METHODS = {
    (gthread.ThreadWorker, "enqueue_req"): ["self", "conn"],
    (gthread.ThreadWorker, "handle_request"): ["self", "req", "conn"],
    (gthread.ThreadWorker, "finish_request"): ["self", "conn", "fs"],
    (gthread.ThreadWorker, "handle_error"): ["self", "req", "client", "addr", "exc"],
    (gthread.ThreadWorker, "_cap_keepalive"): ["self", "deadline"],
    (gthread.ThreadWorker, "murder_pending"): ["self"],
    (gthread.TConn, "close"): ["self", "graceful"],
    (SocketUnreader, "chunk"): ["self", "size_hint"],
    (SocketUnreader, "take_buffered"): ["self"],
    (SocketUnreader, "unread"): ["self", "data"],
    (glogging.Logger, "setup"): ["self", "cfg"],
}
# What the worker reads and sets of objects that gunicorn makes.
ATTRIBUTES = {
    gthread.ThreadWorker: ("pending_conns", "poller", "nr_conns", "alive"),
    gthread.TConn: ("sock", "client", "parser", "data_ready", "timeout"),
}
ERRORS = (
    "ParseException",
    "LimitRequestLine",
    "LimitRequestHeaders",
    "ExpectationFailed",
    "UnsupportedTransferCoding",
    "InvalidResponseHeader",
    "InvalidResponseHeaderName",
)


@pytest.mark.parametrize(("owner", "name"), METHODS, ids=lambda part: getattr(part, "__name__", part))
def test_a_method_takes_what_it_took(owner, name):
    assert list(inspect.signature(getattr(owner, name)).parameters) == METHODS[owner, name]


@pytest.mark.parametrize("owner", ATTRIBUTES, ids=lambda owner: owner.__name__)
def test_an_object_has_what_it_had(owner):
    source = "".join(inspect.getsource(one) for one in owner.__mro__ if one.__module__.startswith("gunicorn"))
    for name in ATTRIBUTES[owner]:
        assert re.search(rf"self\.{name}\b", source), f"{owner.__name__}.{name}"


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_has_its_name(name):
    assert issubclass(getattr(errors, name), Exception)


def test_bodies_are_made_as_they_were():
    reader = LengthReader(IterUnreader([b"whole"]), 5)
    assert Body(reader).read() == b"whole"
    assert "reader" in vars(Body(reader))
    assert inspect.isclass(ChunkedReader)


def test_the_rest_is_where_it_was():
    assert callable(get_parser)
    assert callable(util.write_nonblock)
    assert gthread.STOP_KEEPALIVE_LINGER > 0


def test_the_version_is_pinned():
    pinned = f"gunicorn=={version('gunicorn')}"
    assert pinned in (ROOT / "requirements.in").read_text(encoding="utf-8")
    assert pinned in (ROOT / "requirements.txt").read_text(encoding="utf-8")
