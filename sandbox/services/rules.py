"""Rule service: rules of devices and vehicles (docs rule-services/rules-api, rules, boundaries, until 2024)."""

from flask import Blueprint, Response, request

from sandbox.api.errors import ApiError
from sandbox.api.paging import offset_meta, read_window
from sandbox.services.boundaries import read_boundaries
from sandbox.services.current import current_vinli
from sandbox.services.sources import SUBJECT, json_item, json_page, url_of
from sandbox.services.subjects import body_of_request, check_visible, created, subject_of, text_in, texts
from sandbox.world.rules import Evaluation
from sandbox.world.watching import TooMany

bp = Blueprint("rules", __name__)

LONGEST_NAME = 200


@bp.get(f"{SUBJECT}/rules")
def list_rules(kind: str, subject_id: str) -> Response:
    """Return a page of rules, newest first and without their boundaries."""
    subject, vinli = subject_of(kind, subject_id), current_vinli()
    window = read_window(request.args)
    rules = vinli.watching.rules(subject.device, subject.vehicle_id)
    shown = [
        vinli.event_json.rule(one.rule, one.covered, with_boundaries=False)
        for one in rules[window.offset :][: window.limit]
    ]
    return json_page("rules", f"[{','.join(texts(shown))}]", offset_meta(url_of("rules"), window, len(rules)))


@bp.post(f"{SUBJECT}/rules")
def create_rule(kind: str, subject_id: str) -> Response:
    """Make a rule. The docs name no limit; this sandbox keeps 1000 rules and answers 409 to more."""
    subject, vinli = subject_of(kind, subject_id), current_vinli()
    body = body_of_request("rule")
    name = text_in(body, "name", LONGEST_NAME)
    boundaries = read_boundaries(body.get("boundaries"))
    try:
        rule = vinli.watching.add_rule(subject.device, subject.vehicle_id, name, boundaries)
    except TooMany:
        raise ApiError(409, "The sandbox keeps no more rules") from None
    return created("rules", "rule", vinli.event_json.rule(rule, None))


@bp.get("/api/v1/rules/<rule_id>")
def show_rule(rule_id: str) -> Response:
    """Return one rule with its boundaries."""
    found = _visible_rule(rule_id)
    return json_item("rule", current_vinli().event_json.rule(found.rule, found.covered))


@bp.delete("/api/v1/rules/<rule_id>")
def delete_rule(rule_id: str) -> Response:
    """Delete a rule. There is no way to change one."""
    current_vinli().watching.remove_rule(_visible_rule(rule_id).rule.id)
    return Response(status=204)


def _visible_rule(rule_id: str) -> Evaluation:
    found = current_vinli().watching.find_rule(rule_id)
    check_visible(found.rule.device_id if found else None, "rule")
    if found is None:
        raise ApiError(404, "No such rule")
    return found
