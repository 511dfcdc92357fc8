"""Serves the recipe as our application is served: the same worker class, threads and keep-alive."""

from __future__ import annotations

import runpy
import subprocess
import sys

from tests.app_process import ROOT, AppProcess

SAME_AS_OURS = {"worker_class": "--worker-class", "threads": "--threads", "keepalive": "--keep-alive"}


class RecipeProcess(AppProcess):
    """gunicorn with the recipe, in a directory of its own, where our gunicorn.conf.py is not found."""

    def start(self) -> RecipeProcess:
        ours = runpy.run_path(str(ROOT / "gunicorn.conf.py"))
        options = [word for name, option in SAME_AS_OURS.items() for word in (option, str(ours[name]))]
        bind = ["--no-control-socket", "--bind", f"127.0.0.1:{self.port}"]
        what = ["--pythonpath", str(ROOT), "bench.recipe_app:app"]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", *bind, *options, *what],
                cwd=self.directory,
                env=self.environment() | {"SESSION_DIRECTORY": str(self.directory / "sessions")},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_until_ready()
        return self
