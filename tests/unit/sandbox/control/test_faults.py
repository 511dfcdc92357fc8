import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from sandbox.api.disruptions import Disruption
from sandbox.control.faults import Fault, Faults


def request_for(path="/x", method="GET", query=""):
    return Request(EnvironBuilder(path=path, method=method, query_string=query).get_environ())


def test_a_fault_strikes_as_often_as_it_was_told():
    faults = Faults()
    faults.add(Fault("/x", times=2))
    taken = [faults.take(request_for()) is not None for _ in range(3)]
    assert taken == [True, True, False]


def test_without_a_number_it_strikes_until_cleared():
    faults = Faults()
    faults.add(Fault("/x"))
    assert all(faults.take(request_for()) for _ in range(5))
    faults.clear()
    assert faults.take(request_for()) is None


@pytest.mark.parametrize(
    ("fault", "request_", "matches"),
    [
        (Fault("/x"), request_for("/x"), True),
        (Fault("/x"), request_for("/x/y"), False),
        (Fault("/x", method="POST"), request_for("/x"), False),
        (Fault("/x", query={"offset": "20"}), request_for("/x", query="limit=5&offset=20"), True),
        (Fault("/x", query={"offset": "20"}), request_for("/x", query="limit=5"), False),
    ],
)
def test_a_fault_is_for_its_own_requests(fault, request_, matches):
    assert fault.matches(request_) is matches


def test_a_flat_object_says_when_and_how():
    fault = Fault.from_json({"path": "/x", "times": 2, "status": 503, "delay_ms": 7})
    assert fault == Fault("/x", times=2, disruption=Disruption(status=503, delay_ms=7))


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"path": 1},
        {"path": "/x", "status": "500"},
        {"path": "/x", "times": True},
        {"path": "/x", "what": 1},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(value):
    with pytest.raises(ValueError):
        Fault.from_json(value)
