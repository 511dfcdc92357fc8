"""The console of a partner: its settings, the states of its tokens, and single calls."""

from __future__ import annotations

from typing import Any

from flask import abort, render_template, request

from blueprints.partners.asking import PARTNER_SECONDS, partner_named
from blueprints.partners.blueprint import bp
from blueprints.partners.calls import METHODS, CallForm, make_call
from blueprints.partners.status import PartnerView
from blueprints.web.operators import operator_required
from blueprints.web.services import services
from domain.budget import Budget
from domain.problems import Problem
from providers.errors import NoToken
from providers.partners.partner import Partner


@bp.get("/<name>")
@operator_required
def partner(name: str) -> str:
    """Show one partner with a form for a call; ``example`` is the number of a documented call."""
    found = partner_named(name)
    number = request.args.get("example", "")
    is_number = number.isascii() and number.isdigit() and len(number) < 4
    return _console(found, CallForm.of_example(found, int(number) if is_number else 0))


@bp.post("/<name>")
@operator_required
def act(name: str) -> str:
    """Send the call in the form, or test the token of a role (``do=token``)."""
    found = partner_named(name)
    if not found.is_configured:
        return _console(found, CallForm.of_example(found, 0))
    if request.form.get("do") == "token":
        return _console(found, CallForm.of_example(found, 0), tested=_test_token(found))
    form = CallForm.of_fields(found, request.form)
    try:
        with services().bulkhead.slot():
            made = make_call(found, form, deadline=Budget().share(PARTNER_SECONDS))
    except ValueError:
        return _console(found, form, path_error="A path begins with one slash, and holds no blanks.")
    return _console(found, form, made=made)


def _console(found: Partner, form: CallForm, **outcome: Any) -> str:
    return render_template(
        "partners/console.html", view=PartnerView.of(found), form=form, methods=METHODS, **outcome
    )


def _test_token(found: Partner) -> tuple[str, Problem | None]:
    """Return the requested role, and the problem if it gets no token."""
    name = request.form.get("role", "")
    role = found.roles.get(name)
    if role is None or role.source is None:
        abort(400)
    try:
        with services().bulkhead.slot():
            role.source.token()
    except NoToken as error:
        return name, services().partner_problems.logged(found, error)
    return name, None
