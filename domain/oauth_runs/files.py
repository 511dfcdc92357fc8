"""Traces as files: our own JSON, and HAR 1.2 for tools that read HTTP archives."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from domain.oauth_runs.steps import Step
from domain.oauth_runs.trace import Trace

NOT_SEEN = "The browser made this request elsewhere: its answer was not seen by this server."


def trace_as_json(trace: Trace) -> dict[str, Any]:
    """Return a trace as plain JSON values. Times are ISO 8601 in UTC, durations are milliseconds."""
    failed = trace.failed_step
    return {
        "id": trace.id,
        "flow": trace.kind,
        "started_at": _iso(trace.started_at),
        "outcome": trace.outcome,
        "references": list(trace.references),
        "failed_step": failed.name if failed else None,
        "reason": failed.reason if failed else None,
        "advice": failed.advice if failed else None,
        "steps": [{**step.to_json(), "title": step.title, "at": _iso(step.at)} for step in trace.steps],
        "not_reached": list(trace.not_reached),
    }


def trace_as_har(trace: Trace) -> dict[str, Any]:
    """Return a trace as an HTTP archive (HAR 1.2). Unknown values are -1, 0 or empty, as HAR prescribes."""
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "Vinli Connect", "version": "1"},
            "pages": [],
            "comment": f"Trace {trace.id}: {trace.outcome}. Secrets were left out when it was written.",
            "entries": [_entry(step) for step in trace.steps],
        }
    }


def _entry(step: Step) -> dict[str, Any]:
    took = -1 if step.ms is None else step.ms
    entry: dict[str, Any] = {
        "startedDateTime": _iso(step.at),
        "time": max(took, 0),
        "request": _request(step),
        "response": _response(step),
        "cache": {},
        "timings": {"send": 0, "wait": max(took, 0), "receive": 0},
    }
    comment = " ".join(part for part in (step.title + ".", step.reason, step.advice) if part)
    return entry | {"comment": comment}


def _request(step: Step) -> dict[str, Any]:
    headers = {name: value for name, value in step.sent.items() if name == "Authorization"}
    fields = [{"name": name, "value": value} for name, value in step.sent.items() if name not in headers]
    has_query = step.method == "GET" and fields and "?" not in step.url
    query = urlencode([(field["name"], field["value"]) for field in fields]) if has_query else ""
    request: dict[str, Any] = {
        "method": step.method,
        "url": f"{step.url}?{query}" if query else step.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [{"name": name, "value": value} for name, value in headers.items()],
        "queryString": fields if step.method == "GET" else [],
        "headersSize": -1,
        "bodySize": -1,
    }
    if step.method == "POST":
        kind = "application/x-www-form-urlencoded"
        text = urlencode([(field["name"], field["value"]) for field in fields])
        request["postData"] = {"mimeType": kind, "params": fields, "text": text}
    return request


def _response(step: Step) -> dict[str, Any]:
    status = step.status or 0
    is_known = status in HTTPStatus._value2member_map_
    response: dict[str, Any] = {
        "status": status,
        "statusText": HTTPStatus(status).phrase if is_known else "",
        "httpVersion": "HTTP/1.1" if status else "",
        "cookies": [],
        "headers": [],
        "content": _content(step),
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
    }
    if not status:
        response["comment"] = NOT_SEEN if step.name == "authorization_request" else "No answer came."
    return response


def _content(step: Step) -> dict[str, Any]:
    if not step.received:
        return {"size": 0, "mimeType": "x-unknown", "text": ""}
    text = json.dumps(step.received, ensure_ascii=False)
    size = len(text.encode())
    return {"size": size, "mimeType": "application/json", "text": text, "comment": "As the trace shows it."}


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
