"""The commands of ``flask --app app``, run in this process."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

from tests.support.sandbox_process import SandboxProcess
from tests.support.sites import LocalSite


def commands(sandbox: SandboxProcess, folder: Path) -> Iterator[Callable[..., SimpleNamespace]]:
    """Yield a function that runs a command against the sandbox and returns what a process of its own would.

    Keywords are environment variables, as far as they concern the output.
    """
    site = LocalSite(folder, sandbox.credentials)
    logger = logging.getLogger("providers")
    level = logger.level

    def run(*arguments: str, **variables: str) -> SimpleNamespace:
        done = site.app.test_cli_runner().invoke(args=list(arguments), env=variables)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return SimpleNamespace(returncode=done.exit_code, stdout=done.stdout_bytes, stderr=done.stderr_bytes)

    try:
        yield run
    finally:
        logger.setLevel(level)
        site.close()
