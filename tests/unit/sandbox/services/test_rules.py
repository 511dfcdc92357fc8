import json

import pytest

from sandbox.services import boundaries

UNKNOWN = "821374c0-d6d8-41e3-9c1a-0800200c9a66"
FAST = {"type": "parametric", "parameter": "vehicleSpeed", "min": 35, "max": None}
CIRCLE = {"type": "radius", "lon": -90.0811, "lat": 29.9508, "radius": 500}
RING = [[0, 0], [1, 0], [1, 1], [0, 0]]
POLYGON = {"type": "polygon", "coordinates": [RING]}


def test_a_rule_is_made_as_documented(sandbox):
    body = {"rule": {"name": "Speeding", "boundaries": [FAST, CIRCLE]}}
    made = sandbox.call(f"devices/{sandbox.device.id}/rules", "POST", body)
    rule = made.json["rule"]
    origin, device = "http://127.0.0.1:9000/api/v1", sandbox.device.id
    assert made.status_code == 201
    assert made.headers["Location"] == f"{origin}/rules/{rule['id']}"
    bounds = rule.pop("boundaries")
    assert rule == {
        "id": rule["id"],
        "name": "Speeding",
        "deviceId": device,
        "object": {"id": device, "type": "device"},
        "evaluated": False,
        "covered": None,
        "createdAt": "2027-01-15T08:00:00.000Z",
        "links": {
            "self": f"{origin}/rules/{rule['id']}",
            "events": f"{origin}/devices/{device}/events?type=rule-*&objectId={rule['id']}",
            "subscriptions": f"{origin}/devices/{device}/subscriptions?objectType=rule&objectId={rule['id']}",
        },
    }
    ids = [bound.pop("id") for bound in bounds]
    assert len(set(ids)) == 2
    assert bounds == [{"type": "parametric", "parameter": "vehicleSpeed", "min": 35}, CIRCLE]


def test_a_list_leaves_out_boundaries_and_an_item_has_them(sandbox):
    rules = [sandbox.add_rule(FAST), sandbox.add_rule(POLYGON)]
    page = sandbox.call(f"devices/{sandbox.device.id}/rules?offset=0&limit=1").json
    assert set(page) == {"rules", "meta"}
    assert page["meta"]["pagination"]["total"] == 2
    assert page["meta"]["pagination"]["links"]["next"].endswith("/rules?limit=1&offset=1")
    [newest] = page["rules"]
    assert newest["id"] == rules[1]["id"]
    assert "boundaries" not in newest
    shown = sandbox.call(newest["links"]["self"]).json
    assert shown == {"rule": rules[1]}
    assert shown["rule"]["boundaries"][0]["coordinates"] == [RING]


def test_a_rule_is_deleted_and_cannot_be_changed(sandbox):
    path = f"rules/{sandbox.add_rule()['id']}"
    assert sandbox.call(path, "PUT", {"rule": {"name": "x"}}).status_code == 405
    gone = sandbox.call(path, "DELETE")
    assert (gone.status_code, gone.data) == (204, b"")
    assert sandbox.call(path).status_code == 404
    assert sandbox.call(path, "DELETE").status_code == 404


def test_the_state_of_a_rule_follows_the_messages(sandbox):
    path = f"rules/{sandbox.add_rule()['id']}"
    states = []
    for second, speed in ((10, 20), (20, 60)):
        sandbox.send(second, vehicleSpeed=speed)
        sandbox.clock.advance(10)
        rule = sandbox.call(path).json["rule"]
        states.append((rule["evaluated"], rule["covered"]))
    assert states == [(True, False), (True, True)]


def test_a_vehicle_has_rules_of_its_own(sandbox):
    vehicle = f"vehicles/{sandbox.vehicle.id}"
    rule = sandbox.add_rule(FAST, subject=vehicle)
    assert rule["deviceId"] is None
    assert rule["object"] == {"id": sandbox.vehicle.id, "type": "vehicle"}
    assert f"/api/v1/{vehicle}/events?" in rule["links"]["events"]
    assert [one["id"] for one in sandbox.call(f"{vehicle}/rules").json["rules"]] == [rule["id"]]
    assert sandbox.call(f"devices/{sandbox.device.id}/rules").json["rules"] == []


def test_removing_a_device_removes_its_rules(sandbox):
    path = f"rules/{sandbox.add_rule()['id']}"
    assert sandbox.call(f"devices/{sandbox.device.id}", "DELETE").status_code == 204
    assert sandbox.call(path).status_code == 404


@pytest.mark.parametrize(
    "bounds",
    [
        None, [], {}, ["x"], [{}], [{"type": "circle"}], [FAST] * 21, [CIRCLE, POLYGON], [CIRCLE, CIRCLE],
        [FAST | {"min": None}], [FAST | {"min": "35"}], [FAST | {"min": True}], [FAST | {"min": 9, "max": 3}],
        [FAST | {"max": "x"}], [FAST | {"parameter": "fuelType"}], [FAST | {"parameter": "location"}],
        [FAST | {"parameter": ["rpm"]}], [FAST | {"min": 10**400}], [CIRCLE | {"radius": 0}],
        [CIRCLE | {"lat": 91}], [CIRCLE | {"lon": None}], [POLYGON | {"coordinates": []}],
        [POLYGON | {"coordinates": [RING[:3]]}], [POLYGON | {"coordinates": [[*RING[:3], [5, 5]]]}],
        [POLYGON | {"coordinates": RING}], [POLYGON | {"coordinates": [[[0, 0, 0], *RING]]}],
        [POLYGON | {"coordinates": [[[0, 0]] * 501]}],
    ],
)  # fmt: skip
def test_wrong_boundaries_are_refused(sandbox, bounds):
    body = {"rule": {"name": "x", "boundaries": bounds}}
    answer = sandbox.call(f"devices/{sandbox.device.id}/rules", "POST", body)
    assert answer.status_code == 400
    assert set(answer.json) == {"statusCode", "error", "message"}
    assert sandbox.call(f"devices/{sandbox.device.id}/rules").json["rules"] == []


@pytest.mark.parametrize("text", ['{"rule":{"name":"x","boundaries":[{"type":"radius","lon":NaN,"lat":0,"radius":1}]}}',
    '{"rule":{"name":"x","boundaries":[{"type":"parametric","parameter":"rpm","min":Infinity}]}}',
    '{"rule":{"name":"\\ud800","boundaries":[]}}', '{"rule":[]}', '[]', '{', "[" * 5000, '{"rule":{"name":""}}',
    '{"rule":{"boundaries":[]}}'])  # fmt: skip
def test_wrong_bodies_are_refused(sandbox, text):
    path = f"/api/v1/devices/{sandbox.device.id}/rules"
    answer = sandbox.client.post(path, data=text, auth=sandbox.auth, base_url="http://127.0.0.1:9000")
    assert answer.status_code == 400


def test_numbers_come_back_as_they_were_sent(sandbox):
    bounds = [FAST | {"min": 35, "max": 35.5}]
    made = json.dumps(sandbox.add_rule(*bounds)["boundaries"])
    assert '"min": 35,' in made
    assert '"max": 35.5' in made


@pytest.mark.parametrize(
    "path", [f"devices/{UNKNOWN}/rules", f"vehicles/{UNKNOWN}/rules", f"rules/{UNKNOWN}"]
)
def test_what_is_not_there_is_404(sandbox, path):
    assert sandbox.call(path).status_code == 404


def test_a_point_of_the_limits():
    assert boundaries.read_limits({"min": 5, "max": 5}) == (5, 5)
