"""What is reported when the settings do not allow a start."""

from __future__ import annotations

from collections.abc import Mapping


class SettingsError(Exception):
    """The settings do not allow a start.

    ``problems`` maps a variable's name to what is wrong with it, in words; ``str()`` is one message with all.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        width = max(map(len, self.problems))
        count = "1 setting needs" if len(self.problems) == 1 else f"{len(self.problems)} settings need"
        lines = [f"  {name:<{width}}  {text}" for name, text in sorted(self.problems.items())]
        super().__init__("\n".join([f"Vinli Connect cannot start: {count} attention.", *lines]))
