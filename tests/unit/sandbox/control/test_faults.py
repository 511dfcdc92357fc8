import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from sandbox.control.faults import Fault, Faults


def request_for(path="/x", method="GET", query=""):
    return Request(EnvironBuilder(path=path, method=method, query_string=query).get_environ())


def test_a_fault_strikes_as_often_as_it_was_told():
    faults = Faults()
    faults.add(Fault("/x", status=500, times=2))
    taken = [faults.take(request_for()) is not None for _ in range(3)]
    assert taken == [True, True, False]


def test_without_a_number_it_strikes_until_cleared():
    faults = Faults()
    faults.add(Fault("/x", status=500))
    assert all(faults.take(request_for()) for _ in range(5))
    faults.clear()
    assert faults.take(request_for()) is None


@pytest.mark.parametrize(
    ("fault", "request_", "meets"),
    [
        (Fault("/x"), request_for("/x"), True),
        (Fault("/x"), request_for("/x/y"), False),
        (Fault("/x", method="POST"), request_for("/x"), False),
        (Fault("/x", query={"offset": "20"}), request_for("/x", query="limit=5&offset=20"), True),
        (Fault("/x", query={"offset": "20"}), request_for("/x", query="limit=5"), False),
    ],
)
def test_a_fault_is_for_its_own_requests(fault, request_, meets):
    assert fault.meets(request_) is meets


def test_a_fault_says_what_it_was_told_and_nothing_else():
    fault = Fault("/x", status=503, body="{", content_type="application/json", headers={"Retry-After": "7"})
    response = fault.strike(request_for())
    assert (response.status_code, response.get_data(as_text=True)) == (503, "{")
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Retry-After"] == "7"
    assert "Content-Type" not in Fault("/x", status=204).strike(request_for()).headers


def test_a_delay_lets_the_true_answer_through():
    request = request_for()
    request.environ["sandbox.arrived"] = 100.0
    assert Fault("/x", delay_ms=1500).strike(request) is None
    assert request.environ["sandbox.not_before"] == 101.5


def test_a_drop_is_left_to_the_connection():
    request = request_for()
    Fault("/x", close=True).strike(request)
    assert request.environ["sandbox.drop"] is True


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
