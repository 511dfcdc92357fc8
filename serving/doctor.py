"""`make doctor`: the doctor of the installation in this folder, whichever settings it has.

With Vinli credentials in the environment or in ``.env``, that is the installation which they describe. Without any, it
is what `make run` has started on the port that ``PORT`` names.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from serving.local import CREDENTIALS, USUAL_PORT, CannotStart, file_of_port, is_set, port_of
from settings import SettingsError
from settings.environment import read_dotenv


def file_of_run(environment: Mapping[str, str]) -> Path | None:
    """Return the settings that `make run` has left for the command line; None where others count or there are none.

    Raises CannotStart.
    """
    if any(is_set(environment, name) for name in CREDENTIALS):
        return None
    path = file_of_port("local.env", port_of(environment, "PORT", USUAL_PORT), USUAL_PORT)
    return path if path.exists() else None


def main() -> int:
    """Run the command, after a line on standard error that says whose settings it judges; return its exit status."""
    try:
        path = file_of_run({**read_dotenv(".env"), **os.environ})
    except (CannotStart, SettingsError) as error:
        print(error, file=sys.stderr)
        return 2
    whose = f"of `make run`, in {path}" if path else "the environment and .env"
    print(f"Settings: {whose}", file=sys.stderr, flush=True)
    named = ["-e", str(path)] if path else []
    command = [sys.executable, "-m", "flask", *named, "--app", "app", "doctor", *sys.argv[1:]]
    return subprocess.call(command)  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
