"""The command line of the partner APIs: ``flask --app app partners list|token|call``.

``call`` is like curl with authentication: it prints the response's body on standard output, whatever its status, and
the status on standard error. If a command fails, it prints the reason on standard error and exits with 1.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from blueprints.web.services import services
from cli.layout import beside
from cli.output import fails_in_words, print_json, printable, say, say_aside, write_bytes
from domain.partners.problems import not_configured
from domain.problems import Problem
from providers.errors import NoToken, ProviderError
from providers.partners.partner import Partner, Role
from providers.tokens.engine import TokenSource

partners = AppGroup("partners", help="The partner APIs, and their tokens.")

CALL_SECONDS = 30.0
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@partners.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@fails_in_words
def list_partners(as_json: bool) -> None:
    """List the partners, their missing settings and the states of their tokens. Calls no partner."""
    rows = [_about(partner) for partner in services().partners.by_name.values()]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        stands = "set up" if row["is_configured"] else f"missing: {', '.join(row['missing'])}"
        say("\n".join(beside(f"{row['name']:<10} ", stands)))
        for role in row["roles"]:
            say("\n".join(beside(f"  {role['name']:<10} ", _in_a_line(role["token"]))))


@partners.command("token")
@click.argument("name")
@click.option(
    "--role",
    "role_name",
    help="The role; default: the first with tokens. instyle has service, admin and superuser.",
)
@click.option("--show", is_flag=True, help="Print the token itself, and nothing else.")
@click.option("--json", "as_json", is_flag=True, help="Print the state as a JSON object.")
@fails_in_words
def token(name: str, role_name: str | None, show: bool, as_json: bool) -> None:
    """Obtain a token of the partner NAME and print its state.

    NAME is anyline, aspose, ayyeka or instyle. Exits with 1 if no token can be had.
    """
    if show and as_json:
        raise click.UsageError("Choose one of --show and --json.")
    partner = _configured(name)
    role = _role(partner, role_name) if role_name else _first_with_tokens(partner)
    if role.source is None:
        raise click.ClickException(f"The role {role.name} takes no token.")
    try:
        value = role.source.settled().value
    except NoToken as error:
        raise _failure(services().partner_problems.of(partner, error)) from error
    if show:
        say(value)
        return
    if as_json:
        print_json(_state(role.source))
        return
    for about, text in _state(role.source).items():
        say("\n".join(beside(f"{about:<14} ", printable(text))))


@partners.command("call")
@click.argument("name")
@click.argument("method", metavar="METHOD", type=click.Choice(METHODS, case_sensitive=False))
@click.argument("path")
@click.option("--data", help="The body: text, @FILE for a file's bytes, @- for standard input.")
@click.option(
    "--role",
    "role_name",
    help="The role to call as; default: the first. instyle has service, admin and superuser.",
)
@click.option("-H", "--header", "headers", multiple=True, metavar="NAME:VALUE", help="An extra header.")
@fails_in_words
def call(
    name: str, method: str, path: str, data: str | None, role_name: str | None, headers: tuple[str, ...]
) -> None:
    """Send one request to the partner NAME, authenticated, and print the body of the answer.

    NAME is anyline, aspose, ayyeka or instyle; METHOD is GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS. Exits with 1
    if the answer’s status is not 2xx.
    """
    partner = _configured(name)
    role = _role(partner, role_name) if role_name else partner.default_role
    try:
        if role.source is not None:
            role.source.settled()
        answer = partner.call(
            services().transport,
            method.upper(),
            path,
            role=role.name,
            body=_body(data),
            headers=dict(map(_header, headers)),
            deadline=CALL_SECONDS,
        )
    except ValueError as error:
        raise click.UsageError(f"PATH: {error}.") from error
    except ProviderError as error:
        if error.status is not None and error.body is not None and not isinstance(error, NoToken):
            say_aside(f"{error.status}")
            _write_body(error.body)
        raise _failure(services().partner_problems.of(partner, error)) from error
    say_aside(f"{answer.status} in {answer.elapsed * 1000:.0f} ms")
    _write_body(answer.body)


def _write_body(body: bytes) -> None:
    """Write a body. A text ends with a newline, so that a prompt begins on a line of its own."""
    write_bytes(body)
    if body and not body.endswith(b"\n") and _is_text(body):
        write_bytes(b"\n")


def _is_text(body: bytes) -> bool:
    try:
        return "\0" not in body.decode()
    except UnicodeDecodeError:
        return False


def _about(partner: Partner) -> dict[str, Any]:
    return {
        "name": partner.name,
        "title": partner.title,
        "origin": partner.origin,
        "is_configured": partner.is_configured,
        "missing": list(partner.missing),
        "roles": [
            {"name": role.name, "token": _state(role.source) if role.source else None}
            for role in partner.roles.values()
        ],
    }


def _state(source: TokenSource) -> dict[str, Any]:
    """Return the state of a token as plain JSON values. Times are ISO 8601 in UTC."""
    state = source.state()
    return {
        "valid_until": _iso(state.valid_until),
        "fetched_at": _iso(state.fetched_at),
        "fetches_today": state.fetches_today,
        "last_error": state.problem.reason if state.problem else None,
        "remedy": state.problem.remedy if state.problem else None,
        "next_try_at": _iso(state.next_try_at),
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _in_a_line(state: dict[str, Any] | None) -> str:
    if state is None:
        return "no token needed"
    if state["last_error"]:
        return f"failed: {printable(state['last_error'])} ({state['remedy']})"
    return f"valid until {state['valid_until']}" if state["valid_until"] else "no token yet"


def _configured(name: str) -> Partner:
    found = services().partners.by_name
    if name not in found:
        raise click.UsageError(f"NAME is one of {', '.join(found)}.")
    if not found[name].is_configured:
        raise _failure(not_configured(found[name]))
    return found[name]


def _role(partner: Partner, name: str) -> Role:
    if name not in partner.roles:
        raise click.UsageError(f"--role is one of {', '.join(partner.roles)}.")
    return partner.roles[name]


def _first_with_tokens(partner: Partner) -> Role:
    return next((role for role in partner.roles.values() if role.source), partner.default_role)


def _body(data: str | None) -> bytes | None:
    if data is None or not data.startswith("@"):
        return None if data is None else os.fsencode(data)
    if data == "@-":
        if sys.stdin is None:
            raise click.UsageError("--data: standard input is closed.")
        return sys.stdin.buffer.read()
    try:
        return Path(data[1:]).read_bytes()
    except OSError as error:
        raise click.UsageError(f"--data: {data[1:]} cannot be read: {error.strerror}.") from error


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    is_clean = colon and name.strip() and text.isprintable() and text.isascii()
    if not is_clean:
        raise click.UsageError("-H takes NAME:VALUE.")
    if name.strip().lower() in {"authorization", "x-api-key", "host", "content-length"}:
        raise click.UsageError(f"-H cannot set {name.strip()}: that is the role's.")
    return name.strip(), value.strip()


def _failure(problem: Problem) -> click.ClickException:
    return click.ClickException(printable(" ".join((f"{problem.title}.", problem.what, *problem.todo))))
