"""What the doctor reports: findings in sections, each in words for a person and under a name for a program."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from domain.redirect_uris.comparing import visible

Facts = tuple[tuple[str, str], ...]

FACT_LENGTH = 500


class Severity(Enum):
    """How one thing stands; UNKNOWN is what could not be looked at."""

    GOOD = "good"
    PROBLEM = "problem"
    WARNING = "warning"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    ``code`` names it for programs and never changes; a good finding's is that of what was looked at. ``todo`` is the
    one change that mends it, "" where there is nothing to do; ``facts`` are labels and values.
    """

    code: str
    severity: Severity
    title: str
    what: str
    todo: str = ""
    facts: Facts = ()


@dataclass(frozen=True)
class Section:
    """Findings that belong together; ``is_remote`` says that Vinli's answers decide them."""

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
        """What could not be looked at since Vinli did not tell; what only a visit shows is not counted."""
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
        """The whole of it in one line, for a person."""
        if self.problems:
            count = len(self.problems)
            return "One thing is wrong" if count == 1 else f"{count} things are wrong"
        if self.warnings:
            return "Nothing is wrong, but look at this"
        if self.unseen:
            count = len(self.unseen)
            return f"Nothing is wrong, but {'one thing' if count == 1 else f'{count} things'} could not be looked at"
        return "Nothing is wrong"

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong; what could not be looked at is not counted."""
        return not self.problems

    def _of_severity(self, severity: Severity) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is severity)


def good(code: str, title: str, what: str, facts: Facts = ()) -> Finding:
    return Finding(code, Severity.GOOD, title, what, facts=facts)


def problem(code: str, title: str, what: str, todo: str, facts: Facts = ()) -> Finding:
    return Finding(code, Severity.PROBLEM, title, what, todo, facts)


def warning(code: str, title: str, what: str, todo: str, facts: Facts = ()) -> Finding:
    return Finding(code, Severity.WARNING, title, what, todo, facts)


def unknown(code: str, title: str, what: str, todo: str = "", facts: Facts = ()) -> Finding:
    return Finding(code, Severity.UNKNOWN, title, what, todo, facts)


def fact(label: str, value: str) -> tuple[str, str]:
    """Return a fact whose value may come from anywhere: shortened, and with escapes for what cannot be seen."""
    return label, visible(value, FACT_LENGTH)
