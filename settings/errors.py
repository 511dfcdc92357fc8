"""The error that is raised if the application cannot start with its settings."""

from __future__ import annotations

from collections.abc import Mapping


class SettingsError(Exception):
    """The application cannot start with these settings.

    ``problems`` maps a variable's name to a text about its problem. ``str()`` is one message with all problems.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        width = max(map(len, self.problems))
        count = "1 setting needs" if len(self.problems) == 1 else f"{len(self.problems)} settings need"
        lines = [f"  {name:<{width}}  {text}" for name, text in sorted(self.problems.items())]
        super().__init__("\n".join([f"Vinli Connect cannot start: {count} attention.", *lines]))
