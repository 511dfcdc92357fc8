"""The console of the partner APIs, for the operator: settings, states of tokens, and single calls.

A page calls a partner only for its own content. The overview and the consoles only read the tokens' states from the
store. Failures of partners are shown on the page that met them. This blueprint is not registered if OPERATOR_PASSWORD
is not set.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from blueprints.partners.console import METHODS, CallForm, PartnerView, Picture, make_call
from blueprints.partners.report import FORMATS, Format, VehicleReport, vehicle_report
from blueprints.web.operators import operator_required
from blueprints.web.policies import policy
from blueprints.web.services import services
from domain.budget import Budget
from domain.partners.photographs import MAX_BODY_BYTES, checked_photograph
from domain.partners.problems import not_configured
from domain.partners.tires import tire_readings
from domain.problems import Problem, ProblemError
from providers.errors import NoToken, ProviderError
from providers.partners.partner import Partner
from settings import Settings, is_loopback

R = TypeVar("R")

bp = Blueprint("partners", __name__, url_prefix="/partners")

# Seconds for one call of a partner. A conversion of a document takes longer than other calls.
PARTNER_SECONDS = 8.0
REPORT_SECONDS = 25.0
MAX_URL = 2000


def picture_sources(settings: Settings) -> tuple[str, ...]:
    """Return the sources for pictures of partners: any https origin, and a sandbox on this machine."""
    parts = urlsplit(settings.instyle_api_base_url or "")
    is_sandbox = parts.scheme == "http" and is_loopback(parts.hostname)
    return ("https:", f"{parts.scheme}://{parts.netloc}") if is_sandbox else ("https:",)


@bp.app_template_global()
def partner_is_configured(name: str) -> bool:
    """Tell if this partner is set up, so that pages may offer its functions."""
    return _partner(name).is_configured


@bp.get("")
@operator_required
def index() -> str:
    """Show all partners and the states of their tokens."""
    views = [PartnerView.of(partner) for partner in services().partners.by_name.values()]
    return render_template("partners/index.html", partners=views)


@bp.get("/<name>")
@operator_required
def partner(name: str) -> str:
    """Show one partner with a form for a call; ``example`` is the number of a documented call."""
    found = _partner(name)
    number = request.args.get("example", "")
    is_number = number.isascii() and number.isdigit() and len(number) < 4
    return _console(found, CallForm.of_example(found, int(number) if is_number else 0))


@bp.post("/<name>")
@operator_required
def act(name: str) -> str:
    """Send the call in the form, or test the token of a role (``do=token``)."""
    found = _partner(name)
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


@bp.get("/ayyeka/sites")
@operator_required
def sites() -> tuple[str, int]:
    """List the field sites."""
    client = services().partners.ayyeka
    listed, problem = _asked("ayyeka", lambda seconds: client.sites(deadline=seconds) if client else [])
    return _page("partners/sites.html", problem, partner=_partner("ayyeka"), sites=listed)


@bp.get("/aspose/files")
@operator_required
def files() -> tuple[str, int]:
    """List a folder of a storage (``storageName`` in Aspose's words)."""
    client = services().partners.aspose
    folder = request.args.get("folder", "/")[:MAX_URL] or "/"
    storage = request.args.get("storage", "").strip()[:200] or None
    listed, problem = _asked(
        "aspose", lambda seconds: client.files(folder, storage, deadline=seconds) if client else []
    )
    return _page(
        "partners/files.html",
        problem,
        partner=_partner("aspose"),
        files=listed,
        folder=folder,
        storage=storage or "",
    )


@bp.get("/instyle/images")
@policy(image_sources=picture_sources)
@operator_required
def images() -> tuple[str, int]:
    """Show the images as a grid of pictures."""
    added = request.args.get("added", "")
    return _images(added=added if _is_number(added) else "")


@bp.post("/instyle/images")
@policy(image_sources=picture_sources)
@operator_required
def add_image() -> Response | tuple[str, int]:
    """Add an image by its address, with the admin role."""
    number, url = request.form.get("id", "").strip(), request.form.get("url", "").strip()
    if error := _image_error(number, url):
        return _images(error=error, number=number, url=url)
    client = services().partners.instyle
    _, problem = _asked(
        "instyle",
        lambda seconds: client.add_images([(int(number), url)], deadline=seconds) if client else None,
    )
    if problem:
        return _page("partners/images.html", problem, partner=_partner("instyle"), number=number, url=url)
    return redirect(url_for("partners.images", added=number), code=303)


@bp.post("/anyline/tire-sidewall")
@policy(max_body_bytes=MAX_BODY_BYTES)
@operator_required
def tire_sidewall() -> tuple[str, int]:
    """Read a tyre from a photograph in a form, for browsers without JavaScript. The photograph is not stored."""
    client = services().partners.anyline
    given = next((file for file in request.files.getlist("image") if file.filename), None)
    try:
        image = checked_photograph(given.read() if given else b"")
    except ProblemError as refusal:
        return _page("partners/tire.html", refusal.problem, partner=_partner("anyline"), readings=None)
    read, problem = _asked(
        "anyline", lambda seconds: client.read_tire_sidewall(image, deadline=seconds) if client else None
    )
    return _page(
        "partners/tire.html",
        problem,
        partner=_partner("anyline"),
        readings=tire_readings(read) if read is not None else None,
    )


@bp.post("/aspose/report")
@operator_required
def report() -> Response | tuple[str, int]:
    """Make a document about a device and its vehicle, and download it or store it at Aspose."""
    kind = FORMATS.get(request.form.get("format", ""), FORMATS["pdf"])
    budget = Budget(REPORT_SECONDS)
    device_id, shows_vin = request.form.get("device_id", "").strip(), request.form.get("vin") == "show"
    with services().bulkhead.slot():
        made = vehicle_report(device_id, budget, shows_vin=shows_vin)
    path = f"/{made.file_name}.{kind.suffix}"
    stores = request.form.get("to") == "storage"
    document, problem = _asked("aspose", lambda _: _document(made, kind, budget, path if stores else None))
    if document is None or stores:
        about = {"report": made, "kind": kind, "path": path}
        return _page("partners/report.html", problem, partner=_partner("aspose"), **about)
    response = Response(document, mimetype=kind.mimetype)
    response.headers["Content-Disposition"] = f"attachment; filename={made.file_name}.{kind.suffix}"
    return response


def _document(made: VehicleReport, kind: Format, budget: Budget, path: str | None) -> bytes | None:
    """Return the report as a document, and store it at Aspose if ``path`` is given; None if Aspose is not set up."""
    client = services().partners.aspose
    if client is None:
        return None
    document = client.convert(made.html.encode(), kind.suffix, deadline=budget.left)
    if path is not None:
        client.store(path, document, deadline=budget.left)
    return document


def _partner(name: str) -> Partner:
    found = services().partners.by_name.get(name)
    if found is None:
        abort(404)
    return found


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


def _asked(name: str, ask: Callable[[float], R]) -> tuple[R | None, Problem | None]:
    """Return a partner's answer, or the problem. ``ask`` gets the number of seconds that it may take."""
    found = _partner(name)
    if not found.is_configured:
        return None, not_configured(found)
    try:
        with services().bulkhead.slot():
            return ask(Budget().share(PARTNER_SECONDS)), None
    except ProviderError as error:
        return None, services().partner_problems.logged(found, error)


def _page(template: str, problem: Problem | None, **about: Any) -> tuple[str, int]:
    return render_template(template, problem=problem, **about), problem.status if problem else 200


def _images(**about: str) -> tuple[str, int]:
    client = services().partners.instyle
    listed, problem = _asked("instyle", lambda seconds: client.images(deadline=seconds) if client else [])
    sources = picture_sources(services().settings)
    pictures = None if listed is None else [Picture.of(image, sources) for image in listed]
    partner = _partner("instyle")
    text, status = _page("partners/images.html", problem, partner=partner, images=pictures, **about)
    return text, 400 if about.get("error") else status


def _image_error(number: str, url: str) -> str | None:
    if not _is_number(number):
        return "The id is a whole number."
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    is_clean = len(url) <= MAX_URL and url.isprintable() and " " not in url
    if not is_clean or parts.scheme not in {"https", "http"} or not parts.hostname:
        return "The address of an image begins with https:// and holds no blanks."
    return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 15
