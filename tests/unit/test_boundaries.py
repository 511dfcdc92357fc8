"""Imports run one way: app, blueprints, providers and store, settings. The sandbox stands alone."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.app_process import app_variables

ROOT = Path(__file__).resolve().parents[2]
OURS = {"app", "blueprints", "providers", "store", "settings", "sandbox", "bench", "tests"}
OURS |= {"cli", "domain", "serving", "wiring"}
ALLOWED = {
    "app.py": {"blueprints", "cli", "domain", "providers", "store", "settings", "wiring"},
    "gunicorn.conf.py": {"settings"},
    "serving": {"blueprints", "serving", "settings"},
    "settings": {"settings"},
    "cli": {"blueprints", "cli", "domain", "providers", "store", "settings"},
    "blueprints": {"blueprints", "domain", "providers", "store", "settings", "wiring"},
    "wiring": {"wiring", "domain", "providers", "store", "settings"},
    "domain": {"domain", "providers", "store", "settings"},
    "providers": {"providers", "settings"},
    "store": {"store", "settings"},
    "sandbox": {"sandbox"},
}
FOREIGN = {
    "providers": {"flask", "werkzeug", "jinja2", "os.environ"},
    "domain": {"flask", "werkzeug", "jinja2", "requests", "os.environ"},
    "store": {"flask.request"},
    "blueprints": {"requests", "sqlite3", "redis", "urllib3", "httpx"},
}


def modules_of(part):
    path = ROOT / part
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def imports_of(path):
    """Yield every module that a file imports, as dotted names, imported names included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide their direction"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("part", ALLOWED)
def test_imports_only_point_down(part):
    modules = modules_of(part)
    assert modules
    for path in modules:
        ours = {name.split(".")[0] for name in imports_of(path)} & OURS
        assert ours <= ALLOWED[part], f"{path.relative_to(ROOT)} imports {ours - ALLOWED[part]}"


@pytest.mark.parametrize("part", FOREIGN)
def test_each_part_knows_only_its_own_libraries(part):
    for path in modules_of(part):
        for name in imports_of(path):
            known = {name, name.split(".")[0]} & FOREIGN[part]
            assert not known, f"{path.relative_to(ROOT)} imports {known}"


def test_settings_are_the_only_reader_of_the_environment():
    for part in ("app.py", "blueprints", "providers", "store"):
        for path in modules_of(part):
            text = path.read_text(encoding="utf-8")
            assert "os.environ" not in text, path
            assert "getenv" not in text, path


def test_nothing_of_ours_can_unpickle():
    for part in ALLOWED:
        for path in modules_of(part):
            names = set(imports_of(path))
            assert not any(name.split(".")[0] in {"pickle", "marshal", "shelve", "dill"} for name in names), (
                path
            )


def test_creating_the_app_loads_nothing_of_the_sandbox(tmp_path):
    code = (
        "import sys, app; app.create_app();"
        "print([name for name in sys.modules if name.split('.')[0] == 'sandbox'])"
    )
    variables = app_variables("http://127.0.0.1:8000") | {"STORE_URL": f"sqlite:///{tmp_path}/store.sqlite3"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=variables, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr
