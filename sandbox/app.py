"""The sandbox as a Flask application: its views, and what is the same for every request."""

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, NotFound

from sandbox import shared_paths
from sandbox.api.addresses import service_of
from sandbox.api.errors import ApiError, api_error_response, http_error_response
from sandbox.api.headers import CORS_HEADERS, CORS_PREFLIGHT, add_page_headers, is_cors, is_preflight
from sandbox.container import Sandbox
from sandbox.control import views as control
from sandbox.control.current import attach_control, current_control
from sandbox.oauth.redirect_uris import form_target
from sandbox.partners.anyline import views as anyline
from sandbox.partners.aspose import views as aspose
from sandbox.partners.ayyeka import views as ayyeka
from sandbox.partners.current import attach_partners
from sandbox.partners.instyle import cognito
from sandbox.partners.instyle import views as instyle
from sandbox.partners.responses import RequestRefused, refused_response
from sandbox.services import (
    behavioral,
    developer_portal,
    diagnostic,
    distance,
    dummies,
    events,
    notifications,
    platform,
    portal,
    rules,
    safety,
    stream,
    subscriptions,
    telemetry,
    transactions,
    trips,
)
from sandbox.services.auth import accounts, authorization_endpoint, pages
from sandbox.services.current import attach_vinli, current_vinli

# The service of each blueprint. Blueprints that are not listed answer under every host name.
SERVICE_OF_BLUEPRINT = {
    accounts.bp.name: "auth",
    authorization_endpoint.bp.name: "auth",
    pages.bp.name: "auth",
    portal.bp.name: "auth",
    platform.bp.name: "platform",
    transactions.bp.name: "platform",
    telemetry.bp.name: "telemetry",
    events.bp.name: "events",
    subscriptions.bp.name: "events",
    notifications.bp.name: "events",
    rules.bp.name: "rules",
    stream.bp.name: "stream",
    dummies.bp.name: "dummies",
    developer_portal.bp.name: "dev",
    trips.bp.name: "trips",
    behavioral.bp.name: "behavioral",
    safety.bp.name: "safety",
    diagnostic.bp.name: "diagnostic",
    distance.bp.name: "distance",
    anyline.bp.name: "anyline",
    ayyeka.bp.name: "ayyeka",
    aspose.bp.name: "aspose",
    cognito.bp.name: "instyle",
    instyle.bp.name: "instyle",
}
VINLI = (
    accounts,
    authorization_endpoint,
    pages,
    portal,
    platform,
    transactions,
    telemetry,
    events,
    subscriptions,
    notifications,
    rules,
    stream,
    trips,
    behavioral,
    safety,
    diagnostic,
    distance,
    dummies,
    developer_portal,
)
PARTNERS = (anyline, ayyeka, aspose, cognito, instyle)
# Paths that programs call. Their errors are JSON, all others are pages.
CALLS = (
    *("/api/", "/user", "/_sandbox/", "/oauth/token"),
    *("/v2/", "/v2.0/", "/v4.0/", "/auth/token", "/connect/token", "/cognito", "/instyle/"),
)


def create_app(box: Sandbox) -> Flask:
    """Return the application that answers for ``box``."""
    app = Flask(__name__)
    app.url_map.merge_slashes = False  # a redirect is no answer for a client of the API
    attach_vinli(app, box.vinli)
    attach_partners(app, box.partners)
    attach_control(app, box.control)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    for views in (*VINLI, shared_paths, control, *PARTNERS):
        app.register_blueprint(views.bp)
    app.before_request(allow_cross_origin)
    app.before_request(apply_fault)
    app.before_request(keep_to_the_named_service)
    app.after_request(finish)
    app.register_error_handler(ApiError, api_error_response)
    app.register_error_handler(RequestRefused, refused_response)
    app.register_error_handler(HTTPException, show_http_exception)
    return app


def apply_fault() -> Response | None:
    """Apply a fault that was set for this request."""
    fault = None if request.blueprint == control.bp.name else current_control().faults.take(request)
    return fault.disruption.apply(request) if fault else None


def allow_cross_origin() -> Response | None:
    """Answer a CORS preflight, which a browser sends before a call from a page of another origin."""
    is_asked = current_vinli().options.cors and is_preflight(request)
    return Response(status=204, headers=CORS_PREFLIGHT) if is_asked else None


def keep_to_the_named_service() -> None:
    """Answer 404 when the host name names one service and the route belongs to another."""
    named = service_of(request.host)
    owner = SERVICE_OF_BLUEPRINT.get(request.blueprint or "")
    if named and owner and named != owner:
        raise NotFound


def show_http_exception(error: HTTPException) -> Response:
    """Return an error of Flask: as JSON on the paths of CALLS, as a page everywhere else."""
    if request.path.startswith(CALLS):
        return http_error_response(error)
    status = error.code or 500
    return Response(pages.error_page(status, error.name, error.description or ""), status)


def finish(response: Response) -> Response:
    """Add page and CORS headers, delay responses to programs by the latency, and record the app's calls."""
    vinli = current_vinli()
    response.headers["X-Content-Type-Options"] = "nosniff"
    if response.status_code == 204:
        response.headers.remove("Content-Type")
    if response.mimetype == "text/html":
        add_page_headers(response, [form_target(client.redirect_uri) for client in vinli.registry.clients])
    elif request.endpoint != "static" and request.blueprint != control.bp.name:
        _hold_back(vinli.options.latency_ms)
    if vinli.options.cors and is_cors(request):
        response.headers.update(CORS_HEADERS)
    service = SERVICE_OF_BLUEPRINT.get(request.blueprint or "", "platform")
    if "caller" in g and not g.caller.is_empty and service != "auth":
        vinli.transactions.record(
            request.method, request.full_path.rstrip("?"), response.status_code, service
        )
    return response


def _hold_back(latency_ms: int) -> None:
    """Send the response ``latency_ms`` after its request arrived. The work is done within that time."""
    earliest = request.environ.get("sandbox.arrived", 0.0) + latency_ms / 1000
    request.environ["sandbox.not_before"] = max(earliest, request.environ.get("sandbox.not_before", 0.0))
