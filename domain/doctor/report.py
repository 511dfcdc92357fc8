"""The doctor's report: findings in sections, each with texts for a person and a code for a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from domain.redirect_uris.comparing import spelled
from domain.redirect_uris.marking import Pieces

Facts = tuple[tuple[str, str], ...]

FACT_LENGTH = 500


class Severity(Enum):
    """The result of one check; UNKNOWN means that it could not be made."""

    GOOD = "good"
    PROBLEM = "problem"
    WARNING = "warning"
    UNKNOWN = "unknown"


_RANKS = (Severity.PROBLEM, Severity.WARNING, Severity.UNKNOWN, Severity.GOOD)


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    ``code`` names the finding for programs and never changes; the code of a good finding names what was checked.
    ``todo`` is the one change that fixes it, "" if there is nothing to do. ``value`` is the right value, for copying;
    "" if there is none to copy. ``facts`` are pairs of label and value. ``marks`` holds those values in pieces, each
    with whether it differs, by label.
    """

    code: str
    severity: Severity
    title: str
    what: str
    todo: str = ""
    facts: Facts = ()
    value: str = ""
    marks: Mapping[str, Pieces] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """Findings that belong together; ``is_remote`` means that they depend on Vinli's answers."""

    title: str
    findings: tuple[Finding, ...]
    is_remote: bool = False


@dataclass(frozen=True)
class Diagnosis:
    sections: tuple[Section, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for section in self.sections for finding in section.findings)

    @property
    def problems(self) -> tuple[Finding, ...]:
        return self._of_severity(Severity.PROBLEM)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return self._of_severity(Severity.WARNING)

    @property
    def unseen_by_section(self) -> dict[str, tuple[Finding, ...]]:
        """Return the checks that could not be made because Vinli gave no answer, by title of their section.

        Checks that only need a request by a browser are left out.
        """
        remote = (section for section in self.sections if section.is_remote)
        found = {
            section.title: tuple(one for one in section.findings if one.severity is Severity.UNKNOWN)
            for section in remote
        }
        return {title: findings for title, findings in found.items() if findings}

    @property
    def unseen(self) -> tuple[Finding, ...]:
        return tuple(finding for findings in self.unseen_by_section.values() for finding in findings)

    @property
    def summary(self) -> str:
        """Return the whole report in one line, for a person."""
        if self.problems:
            count = len(self.problems)
            return "One thing is wrong" if count == 1 else f"{count} things are wrong"
        if self.warnings:
            return "Nothing is wrong, but look at this"
        if self.unseen:
            count = len(self.unseen)
            return f"Nothing is wrong, but {'one thing' if count == 1 else f'{count} things'} could not be checked"
        return "Nothing is wrong"

    @property
    def is_well(self) -> bool:
        """Tell if there is no problem; checks that could not be made do not count."""
        return not self.problems

    @property
    def ranked(self) -> tuple[tuple[Section, Finding], ...]:
        """Return all findings with their sections, the worst first."""
        found = [(section, finding) for section in self.sections for finding in section.findings]
        return tuple(sorted(found, key=lambda pair: _RANKS.index(pair[1].severity)))

    def _of_severity(self, severity: Severity) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is severity)


def good(code: str, title: str, what: str, facts: Facts = ()) -> Finding:
    return Finding(code, Severity.GOOD, title, what, facts=facts)


def problem(code: str, title: str, what: str, todo: str, facts: Facts = (), value: str = "") -> Finding:
    return Finding(code, Severity.PROBLEM, title, what, todo, facts, value)


def warning(code: str, title: str, what: str, todo: str, facts: Facts = (), value: str = "") -> Finding:
    return Finding(code, Severity.WARNING, title, what, todo, facts, value)


def unknown(code: str, title: str, what: str, todo: str = "", facts: Facts = ()) -> Finding:
    return Finding(code, Severity.UNKNOWN, title, what, todo, facts)


def fact(label: str, value: str) -> tuple[str, str]:
    """Return a fact. The value may come from anywhere: it is shortened, and invisible characters are escaped."""
    return label, spelled(value, FACT_LENGTH)
