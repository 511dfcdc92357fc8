"""Transaction service: the record of the app's calls (docs platform-services/transaction-service, until 2024)."""

from collections import Counter
from collections.abc import Sequence
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request

from sandbox.api.dates import iso
from sandbox.api.streams import Period, read_period
from sandbox.services.callers import app_caller
from sandbox.services.current import current_vinli
from sandbox.world.transactions import Transaction

bp = Blueprint("transactions", __name__)


@bp.get("/api/v1/transactions")
def list_transactions() -> Response:
    """Return the newest of the app's calls in a period. Only Basic is accepted (vinli-node issue 10)."""
    app_caller()
    vinli = current_vinli()
    period = read_period(request.args, vinli.clock.now_ms())
    calls = vinli.transactions.within(period.since, period.until)
    shown, remaining = first_page(calls, period)
    usage = Counter(call.service for call in calls)
    stats = {"periodTotal": len(calls), "serviceUsage": usage, "allTimeTotal": vinli.transactions.all_time}
    pagination = {
        "remaining": remaining,
        "until": iso(period.until),
        "since": iso(period.since),
        "limit": period.limit,
        "sortDir": "asc" if period.ascending else "desc",
        "links": _links(period, shown, remaining),
    }
    return jsonify(
        transactions=[_json(call) for call in shown], meta={"stats": stats, "pagination": pagination}
    )


def first_page(calls: Sequence[Transaction], period: Period) -> tuple[list[Transaction], int]:
    """Return the first page of ``calls`` (oldest first) in the period's direction, and the number of calls left.

    A page includes all calls of its last millisecond, because the link to the next page starts after it. The docs do
    not say how Vinli does this.
    """
    ordered = list(calls) if period.ascending else list(calls)[::-1]
    end = min(period.limit, len(ordered))
    while 0 < end < len(ordered) and ordered[end].timestamp_ms == ordered[end - 1].timestamp_ms:
        end += 1
    return ordered[:end], len(ordered) - end


def _links(period: Period, shown: Sequence[Transaction], remaining: int) -> dict[str, str]:
    """Return the link ``prior`` (``next`` when ascending) with the parameters that the caller sent and no others."""
    if not (remaining and shown):
        return {}
    given = dict(period.given)
    last = shown[-1].timestamp_ms
    if period.ascending:
        given |= {"until": str(period.until), "since": str(last)}
    else:
        given["until"] = str(last - 1)
    url = current_vinli().addresses.origin("platform") + request.path
    return {"next" if period.ascending else "prior": f"{url}?{urlencode(given)}"}


def _json(call: Transaction) -> dict[str, object]:
    return {
        "id": call.id,
        "timestamp": iso(call.timestamp_ms),
        "path": call.path,
        "statusCode": call.status,
        "method": call.method,
        "service": call.service,
    }
