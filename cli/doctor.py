"""The command line of the doctor: ``flask --app app doctor``, for a person at a terminal and for a deploy script.

The exit status is 0 if there is no problem; warnings and checks that could not be made are still printed. It is 1 if
there is a problem. It is 2 if nothing could be examined, because of missing or malformed settings or wrong usage. If
Vinli's auth service gives no usable answer, that is a problem: a doctor that saw nothing must not report success.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from blueprints.web.services import services
from cli.layout import beside, wrapped
from cli.output import coloured, print_json, printable, quiet_log, say, writes_safely
from domain.budget import Budget
from domain.doctor.address import BrowserRequest
from domain.doctor.diagnosis import Diagnosis, Finding, Section, Severity, Typed, diagnose
from domain.doctor.report import problem
from settings import SettingsError

SECONDS = 20.0
EXIT_WELL, EXIT_PROBLEMS, EXIT_NOT_EXAMINED = 0, 1, 2
# The key in ``app.extensions`` for the error, in an application that has only this command.
_SETTINGS_ERROR = "settings_error"
_COMMANDS = frozenset(
    {
        *(
            "devices",
            "vehicles",
            "trips",
            "locations",
            "messages",
            "snapshots",
            "events",
            "codes",
            "rules",
            "dummies",
        ),
        *("operator", "partners", "doctor", "run", "routes", "shell"),
    }
)
_LABELS = {
    Severity.GOOD: "good",
    Severity.PROBLEM: "PROBLEM",
    Severity.WARNING: "warning",
    Severity.UNKNOWN: "unknown",
}
_COLOURS = {
    Severity.GOOD: "green",
    Severity.PROBLEM: "red",
    Severity.WARNING: "yellow",
    Severity.UNKNOWN: "cyan",
}
_INDENT = 9


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@click.option("--problems", "only_problems", is_flag=True, help="Print only what is wrong or may be.")
@click.option(
    "--registered", metavar="URI", help="The redirect URI registered for the code flow, if Vinli hides it."
)
@click.option("--registered-implicit", metavar="URI", help="Likewise for the implicit flow.")
@click.option(
    "-H",
    "--header",
    "headers",
    multiple=True,
    metavar="NAME:VALUE",
    callback=lambda _context, _option, values: read_headers(values),
    help="A header of a request as it arrives here, such as Host or X-Forwarded-For. May be given several times.",
)
@with_appcontext
@writes_safely
def doctor(
    as_json: bool,
    only_problems: bool,
    registered: str | None,
    registered_implicit: str | None,
    headers: dict[str, str],
) -> None:
    """Find the problems of this installation and say how to fix them.

    With -H it also examines how a browser’s request arrives here, through all proxies.
    Exits with 0 if there is no problem, 1 if there is one, 2 if nothing could be examined.
    """
    quiet_log()
    error = current_app.extensions.get(_SETTINGS_ERROR)
    if error is not None:
        status, diagnosis = EXIT_NOT_EXAMINED, _of_settings(error.problems)
    else:
        typed = Typed(registered, registered_implicit)
        settings = services().settings
        incoming = BrowserRequest.from_headers(settings, headers) if headers else None
        diagnosis = diagnose(services().installation, incoming, typed, Budget(SECONDS))
        status = EXIT_WELL if diagnosis.is_well else EXIT_PROBLEMS
    if as_json:
        print_json(_as_json(diagnosis, status))
    else:
        say("\n".join(_as_text(diagnosis, only_problems=only_problems)))
    sys.exit(status)


def read_headers(lines: Iterable[str]) -> dict[str, str]:
    """Return the headers by their names. Raises BadParameter for a line that is no header."""
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise click.BadParameter(f"{line!r} is not NAME:VALUE")
        before = headers.get(name.strip())
        headers[name.strip()] = value.strip() if before is None else f"{before}, {value.strip()}"
    return headers


def is_asked_for() -> bool:
    """Tell if this process is a command line that runs this command."""
    words = [word for word in sys.argv[1:] if word in _COMMANDS]
    return click.get_current_context(silent=True) is not None and words[:1] == ["doctor"]


def app_without_settings(app: Flask, error: SettingsError) -> Flask:
    """Return the application with only this command, which reports the problems of the settings."""
    app.extensions[_SETTINGS_ERROR] = error
    app.cli.add_command(doctor)
    return app


def _of_settings(problems: Mapping[str, str]) -> Diagnosis:
    findings = (
        problem("setting", name, f"{name} {text}.", f"{_verb(text)} {name} in the environment or in .env.")
        for name, text in sorted(problems.items())
    )
    return Diagnosis((Section("Settings", tuple(findings)),))


def _verb(text: str) -> str:
    return "Set" if text.startswith("is missing") else "Correct"


def _as_json(diagnosis: Diagnosis, status: int) -> dict[str, Any]:
    findings = [
        {
            "section": section.title,
            "code": finding.code,
            "standing": finding.severity.value,
            "title": finding.title,
            "what": finding.what,
            "todo": finding.todo,
            "facts": [{"label": label, "value": value} for label, value in finding.facts],
        }
        for section in diagnosis.sections
        for finding in section.findings
    ]
    return {"status": status, "summary": diagnosis.summary, "findings": findings}


def _as_text(diagnosis: Diagnosis, *, only_problems: bool) -> Iterator[str]:
    """Yield the summary, then all findings, the worst first."""
    unknowns = sum(finding.severity is Severity.UNKNOWN for finding in diagnosis.findings)
    counts = (
        (len(diagnosis.problems), "problem", "problems"),
        (len(diagnosis.warnings), "warning", "warnings"),
        (unknowns, "thing not known", "things not known"),
    )
    colour = "red" if diagnosis.problems else "yellow" if diagnosis.warnings or diagnosis.unseen else "green"
    for line in wrapped(f"{diagnosis.summary}."):
        yield coloured(line, colour)
    yield from wrapped(", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counts))
    shown = {Severity.PROBLEM, Severity.WARNING} if only_problems else set(Severity)
    for section, finding in diagnosis.ranked:
        if finding.severity in shown:
            yield ""
            yield from _finding_lines(section, finding)


def _finding_lines(section: Section, finding: Finding) -> Iterator[str]:
    """Yield the lines of a finding: severity, section and title, what was found, what to do, and the facts."""
    label = f"{_LABELS[finding.severity]:<{_INDENT}}"
    first, *others = beside(label, f"{printable(section.title)}: {printable(finding.title)}")
    yield coloured(label, _COLOURS[finding.severity]) + first.removeprefix(label)
    yield from others
    margin = " " * _INDENT
    yield from wrapped(printable(finding.what), margin)
    if finding.todo:
        yield from wrapped(f"To do: {printable(finding.todo)}", margin)
    width = max((len(label) for label, _ in finding.facts), default=0)
    for label, value in finding.facts:
        yield from beside(f"{margin}{printable(label):<{width}}  ", printable(value))
