"""Serves the recipe as our application is served: gunicorn's threaded worker, as many threads, same keep-alive."""

from __future__ import annotations

import subprocess
import sys

from tests.support.app_process import ROOT, AppProcess

# What gunicorn.conf.py comes to with the default settings.
SAME_AS_OURS = ["--worker-class", "gthread", "--threads", "32", "--keep-alive", "15"]


class RecipeProcess(AppProcess):
    """gunicorn with the recipe, in a directory of its own, where our gunicorn.conf.py is not found."""

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
