"""The index page. It stands in for Vinli's Developer Portal, where registered redirect URIs can be changed."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, render_template, request

from sandbox.api.origins import is_from_our_page, is_this_machine
from sandbox.oauth.redirect_uris import find_problem, origin_of
from sandbox.personas.magic_drivers import MAGIC_DRIVERS
from sandbox.services.auth.pages import error_page, foreign_form_page, signed_in_driver
from sandbox.services.current import current_vinli
from sandbox.world.people import email_of

bp = Blueprint("portal", __name__)

MOST_DRIVERS_SHOWN = 8


@bp.get("/")
def index() -> str:
    """Show what the sandbox is, who can sign in and what is registered. Secrets are printed on the terminal only."""
    return _index_page()


@bp.post("/clients")
def register_redirect_uri() -> Response | tuple[str, int]:
    """Replace a client's redirect URI. The form has to come from a page of this server, under one of its own names."""
    if not is_from_our_page(request) or not _has_own_host_name():
        return foreign_form_page()
    client_id, redirect_uri = request.form.get("client_id", ""), request.form.get("redirect_uri", "")
    if current_vinli().registry.client(client_id) is None:
        text = "No client with this client_id is registered, so nothing was changed."
        return error_page(404, "No such client", text, "invalid_client"), 404
    problem = find_problem(redirect_uri)
    if problem:
        return _index_page(client_id, redirect_uri, f"This {problem}. Nothing was changed."), 400
    current_vinli().registry.register(client_id, redirect_uri)
    return Response(status=303, headers={"Location": "/#registered"})


def _has_own_host_name() -> bool:
    """Tell whether the Host header is a name of this machine. Any name is accepted when the sandbox is remote.

    Somebody may let their own host name resolve to 127.0.0.1 (DNS rebinding). Their page then has the same origin as
    the sandbox, and only the Host header tells them apart.
    """
    options = current_vinli().options
    given = urlsplit(options.public_url or "//localhost").hostname or ""
    if not (is_this_machine(options.host) and is_this_machine(given)):
        return True
    try:
        return is_this_machine(urlsplit("//" + request.host).hostname or "")
    except ValueError:
        return False


def _index_page(rejected_for: str = "", rejected: str = "", problem: str = "") -> str:
    """Return the index page. ``rejected`` stays in the field of the client ``rejected_for``, with the problem shown."""
    vinli = current_vinli()
    shown = min(vinli.people.count, MOST_DRIVERS_SHOWN)
    drivers = [vinli.people.driver(number) for number in range(shown)]
    return render_template(
        "portal/index.html",
        driver=signed_in_driver(),
        drivers=[(driver, len(vinli.fleet.of_driver(driver.number))) for driver in drivers],
        more_drivers=vinli.people.count - shown,
        last_email=email_of(vinli.people.count - 1),
        magic_drivers=MAGIC_DRIVERS,
        password=vinli.people.password,
        app=vinli.registry.app,
        app_url=origin_of(vinli.options.redirect_uri),
        clients=vinli.registry.clients,
        rejected_for=rejected_for,
        rejected=rejected,
        problem=problem,
        total=f"{vinli.fleet.total():,}",
    )
