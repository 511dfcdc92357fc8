"""Transaction service: the record of the app's calls (docs platform-services/transaction-service, until 2024)."""

from collections import Counter

from flask import Blueprint, Response, jsonify, request

from sandbox.api.dates import iso
from sandbox.api.streams import read_period, stream_meta, take
from sandbox.services.callers import app_caller
from sandbox.services.current import current_vinli
from sandbox.world.transactions import Transaction

bp = Blueprint("transactions", __name__)


@bp.get("/api/v1/transactions")
def list_transactions() -> Response:
    """Return the newest of the app's calls in a period. Only Basic is accepted (vinli-node issue 10)."""
    vinli, is_empty = current_vinli(), app_caller().is_empty
    period = read_period(request.args, vinli.clock.now_ms())
    calls = [] if is_empty else vinli.transactions.within(period.since, period.until)
    ordered = calls if period.ascending else calls[::-1]
    shown = take(((call.timestamp_ms, call) for call in ordered), period.limit)
    usage = Counter(call.service for call in calls)
    stats = {
        "periodTotal": len(calls),
        "serviceUsage": usage,
        "allTimeTotal": 0 if is_empty else vinli.transactions.all_time,
    }
    url = vinli.addresses.origin("platform") + request.path
    meta = stream_meta(url, period, shown[-1][0] if shown else None, len(calls) - len(shown))
    return jsonify(transactions=[_json(call) for _, call in shown], meta={"stats": stats} | meta)


def _json(call: Transaction) -> dict[str, object]:
    return {
        "id": call.id,
        "timestamp": iso(call.timestamp_ms),
        "path": call.path,
        "statusCode": call.status,
        "method": call.method,
        "service": call.service,
    }
