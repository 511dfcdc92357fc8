import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from sandbox.api.disruptions import Disruption


@pytest.fixture
def request_():
    return Request(EnvironBuilder(path="/x").get_environ())


def test_a_replaced_response_says_what_it_was_told_and_nothing_else(request_):
    headers = {"Retry-After": "7"}
    told = Disruption(status=503, body="{", content_type="application/json", headers=headers)
    response = told.apply(request_)
    assert (response.status_code, response.get_data(as_text=True)) == (503, "{")
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Retry-After"] == "7"
    assert "Content-Type" not in Disruption(status=204).apply(request_).headers


def test_a_delay_lets_the_true_response_through(request_):
    request_.environ["sandbox.arrived"] = 100.0
    assert Disruption(delay_ms=1500).apply(request_) is None
    assert request_.environ["sandbox.not_before"] == 101.5


def test_a_close_is_left_to_the_connection(request_):
    Disruption(close=True).apply(request_)
    assert request_.environ["sandbox.drop"] is True
