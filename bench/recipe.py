"""Serve the recipe like our application: gunicorn's threaded worker, the same threads, the same keep-alive."""

from __future__ import annotations

import subprocess
import sys

from tests.support.app_process import ROOT, AppProcess

# The values of gunicorn.conf.py with the default settings.
SAME_AS_OURS = ["--worker-class", "gthread", "--threads", "32", "--keep-alive", "15"]


class RecipeProcess(AppProcess):
    """gunicorn with the recipe. It runs in its own directory, so that it does not find our gunicorn.conf.py."""

    def start(self) -> RecipeProcess:
        bind = ["--no-control-socket", "--bind", f"127.0.0.1:{self.port}"]
        what = ["--pythonpath", str(ROOT), "bench.recipe_app:app"]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", *bind, *SAME_AS_OURS, *what],
                cwd=self.directory,
                env=self.environment() | {"SESSION_DIRECTORY": str(self.directory / "sessions")},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_until_ready()
        return self
