"""The workbench's tools for authorization requests: preflight tests a request, compose makes one.

Only the operator may use them. This blueprint is not registered if OPERATOR_PASSWORD is not set.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import render_template, request

from blueprints.web.operators import operator_required
from blueprints.web.services import services
from blueprints.web.visitors.limits import limiter, workbench_rate
from blueprints.workbench.authorization_requests.blueprint import bp
from blueprints.workbench.authorization_requests.checks import RESPONSE_TYPES
from blueprints.workbench.authorization_requests.form import ABOUT, RequestForm, token_curl
from blueprints.workbench.authorization_requests.preflight import run_preflight
from blueprints.workbench.authorization_requests.runs import begin_run
from domain.text.curl import curl_line


@bp.get("/compose")
@limiter.limit(workbench_rate)
@operator_required
def compose() -> str:
    """Show the form, filled in from its address, so that people can share it as a link."""
    default = RequestForm.for_workbench(services().settings)
    return _page("compose", RequestForm.of_link(request.args, default) if request.args else default)


@bp.post("/compose")
@limiter.limit(workbench_rate)
@operator_required
def make() -> str | tuple[str, int]:
    """Begin a run and show its authorization request. Only a person follows it."""
    form, settings = RequestForm.of_fields(request.form, begins_run=True), services().settings
    if form.errors:
        return _page("compose", form), 400
    begun = begin_run(
        client_id=form.client_id,
        redirect_uri=form.redirect_uri,
        response_type=form.response_type,
        uses_pkce=form.uses_pkce,
        state=form.state or None,
    )
    url = form.url(settings, begun.state, begun.code_challenge)
    return _page(
        "compose",
        form,
        url=url,
        host=urlsplit(settings.vinli_auth_url).netloc,
        parameters=form.parameters(begun.state, begun.code_challenge),
        authorization_curl=curl_line("GET", url, {"Accept": "text/html"}, None),
        token_curl=token_curl(settings, form),
        link_to_form=form.link(settings),
    )


@bp.get("/preflight")
@limiter.limit(workbench_rate)
@operator_required
def preflight() -> str:
    """Show the form, filled in from its address or with the request that /connect sends."""
    default = RequestForm.for_connect(services().settings)
    return _page("preflight", RequestForm.of_link(request.args, default) if request.args else default)


@bp.post("/preflight")
@limiter.limit(workbench_rate)
@operator_required
def ask() -> str | tuple[str, int]:
    """Send the request to the authorization endpoint, follow no redirect, and show what would happen to a driver."""
    form, with_variants = RequestForm.of_fields(request.form), request.form.get("variants") == "on"
    if form.errors:
        return _page("preflight", form, with_variants=with_variants), 400
    report = run_preflight(form, with_variants=with_variants)
    return _page("preflight", form, report=report, with_variants=with_variants), report.status


def _page(tool: str, form: RequestForm, **about: object) -> str:
    return render_template(
        f"workbench/{tool}.html",
        form=form,
        about=ABOUT,
        response_types=RESPONSE_TYPES,
        tab=f"workbench_requests.{tool}",
        **about,
    )
