"""Rules and virtual devices: what is sent, and what is read of odd answers."""

from __future__ import annotations

import json

import pytest

from providers.errors import InvalidResponse, NotFound
from providers.http.auth import BasicAuth
from providers.vinli.dummies import DummiesClient
from providers.vinli.rules import Circle, Parametric, Polygon, RulesClient
from providers.vinli.values import device
from tests.support.servers import http, json_reply

AUTH = BasicAuth("app", "secret")
ID = "7f0e8d1c-0000-4000-8000-000000000001"


def test_a_rule_is_sent_as_documented_and_read_back(serve, make_transport):
    boundaries = [
        Parametric("vehicleSpeed", 35),
        Circle(-90.0811, 29.9508, 500),
    ]
    server = serve(lambda request: json_reply({"rule": {"id": ID, **json.loads(request.body)["rule"]}}, 201))
    rule = RulesClient(make_transport(), server.origin).create(AUTH, device(ID), "fast", boundaries)
    assert rule.boundaries == tuple(boundaries)
    (sent,) = server.received
    assert (sent.method, sent.path) == ("POST", f"/api/v1/devices/{ID}/rules")
    assert json.loads(sent.body)["rule"]["boundaries"] == [
        {"type": "parametric", "parameter": "vehicleSpeed", "min": 35, "max": None},
        {"type": "radius", "lon": -90.0811, "lat": 29.9508, "radius": 500},
    ]


@pytest.mark.parametrize(
    ("boundary", "expected"),
    [
        (
            {"type": "polygon", "coordinates": [[[1, 2], [3, 4], [1, 2]]]},
            (Polygon(((1, 2), (3, 4), (1, 2))),),
        ),
        ({"type": "polygon", "coordinates": [[["x", 2]]]}, ()),
        ({"type": "radius", "lon": 1, "lat": None, "radius": 5}, ()),
        ({"type": "parametric", "max": 5}, ()),
        ({"type": "something new"}, ()),
        (None, ()),
    ],
)
def test_boundaries_that_are_odd_are_left_out(boundary, expected, serve, make_transport):
    server = serve(lambda _: json_reply({"rule": {"id": ID, "boundaries": [boundary]}}))
    assert RulesClient(make_transport(), server.origin).rule(AUTH, ID).boundaries == expected


def test_an_odd_rule_of_a_list_is_left_out(serve, make_transport):
    good = {"id": ID, "object": {"id": ID, "type": "device"}, "evaluated": True, "covered": None}
    server = serve(lambda _: json_reply({"rules": [good, {}, None], "meta": {}}))
    (rule,) = RulesClient(make_transport(), server.origin).rules(AUTH, device(ID))
    assert (rule.device_id, rule.is_evaluated, rule.is_covered) == (ID, True, None)


def test_a_rule_is_deleted_with_an_empty_answer(serve, make_transport):
    server = serve(lambda _: http(204, content_type=None))
    client = RulesClient(make_transport(), server.origin)
    client.delete(AUTH, ID)
    assert server.received[0].method == "DELETE"
    with pytest.raises(NotFound):
        client.delete(AUTH, "../devices")


@pytest.mark.parametrize("spelling", ["remainingSeconds", "remaningSeconds"])
def test_a_run_is_read_in_both_spellings(spelling, serve, make_transport):
    status = {
        "routeId": ID,
        "state": "running",
        spelling: 255.729,
        "lastLocation": {"type": "Point", "coordinates": [1.5, 2.5]},
    }
    server = serve(lambda _: json_reply({"run": {"id": ID, "status": status}}))
    run = DummiesClient(make_transport(), server.origin).run(AUTH, ID)
    assert (run.remaining_s, run.last_position, run.sent_messages) == (255.729, (1.5, 2.5), None)


def test_no_run_is_none(serve, make_transport):
    server = serve(lambda _: json_reply({"run": None}))
    assert DummiesClient(make_transport(), server.origin).run(AUTH, ID) is None


@pytest.mark.parametrize("body", [{"dummies": None}, {"dummies": {}}, {}, []])
def test_a_list_that_is_none_is_invalid(body, serve, make_transport):
    server = serve(lambda _: json_reply(body))
    with pytest.raises(InvalidResponse):
        DummiesClient(make_transport(), server.origin).dummies(AUTH)
