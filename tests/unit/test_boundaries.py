"""Imports run one way: app; blueprints and cli; wiring; domain; providers and store; settings. The sandbox is alone.

Each package states below what it may import. An import against that fails with a message that says where the code
belongs. What holds between the sandbox's own packages is in tests/unit/sandbox.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.app_process import app_variables

ROOT = Path(__file__).resolve().parents[2]
AREAS = ("api", "connect", "garage", "operator", "partners", "workbench")
CLIENTS = {
    "providers",
    "providers.http",
    "providers.partners",
    "providers.tokens",
    "providers.vinli",
    "providers.vinli.oauth",
}
DOMAIN = {
    "domain",
    "domain.cars",
    "domain.cars.exports",
    "domain.doctor",
    "domain.drivers",
    "domain.oauth_runs",
    "domain.partners",
    "domain.redirect_uris",
    "domain.text",
}
OF_A_VIEW = {"blueprints.web", "blueprints.web.visitors", *DOMAIN, *CLIENTS, "store", "settings"}

# What the modules of a package may import beside their own package, and where code that needs more belongs.
ALLOWED = {
    "app": (
        {
            "blueprints",
            *(f"blueprints.{area}" for area in AREAS),
            "blueprints.workbench.authorization_requests",
            "blueprints.web",
            "blueprints.web.visitors",
            "cli",
            "wiring",
            "settings",
        },
        "app.py only builds, registers and returns: put rules into domain/, factories into wiring/",
    ),
    "gunicorn.conf": ({"settings", "serving"}, "how gunicorn serves the application is in serving/"),
    "serving": ({"blueprints.web", "settings"}, "serving/ knows headers and logs, no view"),
    "cli": (
        {"blueprints.web", *DOMAIN, *CLIENTS, "store", "settings"},
        "what a command shares with a page is in domain/; a command never imports a view",
    ),
    "blueprints": (OF_A_VIEW, "home, implicit and health are areas of one module"),
    **{
        f"blueprints.{area}": (
            OF_A_VIEW,
            "an area imports no other area: put what two areas need into domain/, or into blueprints/web if every "
            "page owes it",
        )
        for area in AREAS
    },
    "blueprints.workbench": (
        {*OF_A_VIEW, "blueprints.workbench.authorization_requests", "wiring"},
        "an area imports no other area: put what two areas need into domain/",
    ),
    "blueprints.workbench.authorization_requests": (
        {*OF_A_VIEW, "wiring"},
        "what the workbench's other pages need belongs beside them; what two areas need belongs into domain/",
    ),
    "blueprints.web.visitors": (
        {"blueprints.web", *DOMAIN, *CLIENTS, "store", "settings", "wiring"},
        "visitors/ is what every page owes about how requests arrive, and names no view",
    ),
    "blueprints.web": (
        {*DOMAIN, *CLIENTS, "store", "settings", "wiring"},
        "web is what every page owes and names no view: a rule for one page belongs to its area",
    ),
    "wiring": (
        {*DOMAIN, *CLIENTS, "store", "store.backends", "settings"},
        "wiring turns settings into collaborators and knows no page",
    ),
    "domain": (
        {"providers", "providers.paging", "store"},
        "domain/ is for pages and commands alike and knows neither",
    ),
    "domain.cars": ({"domain", *CLIENTS}, "requests and templates belong to blueprints/"),
    "domain.cars.exports": (
        {"domain", "providers.vinli"},
        "an export turns values into text, and asks nobody",
    ),
    "domain.doctor": (
        {"domain", "domain.redirect_uris", "domain.text", *CLIENTS, "store", "settings"},
        "what the doctor's page needs of a request belongs to blueprints/workbench",
    ),
    "domain.drivers": ({"domain", *CLIENTS, "store"}, "cookies and sessions belong to blueprints/web"),
    "domain.oauth_runs": (
        {"domain", *CLIENTS, "store", "settings"},
        "cookies and sessions belong to blueprints/connect",
    ),
    "domain.partners": (
        {"domain", "domain.text", *CLIENTS, "settings"},
        "pages of partners belong to blueprints/partners",
    ),
    "domain.redirect_uris": (
        {"domain.text", "settings"},
        "redirect URIs are text alone here; who sends them is domain/doctor",
    ),
    "domain.text": ({"providers.http"}, "text for one page belongs to its area"),
    "providers": (set(), "errors.py is what all clients share"),
    "providers.http": (
        {"providers", "settings"},
        "the transport knows no provider: put it beside its client",
    ),
    "providers.tokens": (
        {"providers", "providers.http"},
        "the engine takes a declaration: a partner's is its own",
    ),
    "providers.paging": ({"providers"}, "paging knows no provider"),
    "providers.partners": (
        {"providers", "providers.http", "providers.tokens"},
        "partners never import each other or Vinli: what two need goes into partner.py, http/ or tokens/",
    ),
    "providers.vinli": (
        {"providers", "providers.http", "providers.tokens", "providers.paging"},
        "a client of Vinli's knows no partner; what is made of its values is in domain/",
    ),
    "providers.vinli.oauth": (
        {"providers", "providers.http", "providers.tokens", "providers.vinli"},
        "what drivers and apps may see is a service's client beside it",
    ),
    "store": (set(), "what is stored is opaque here: rules about it belong to domain/"),
    "store.backends": ({"store"}, "a backend keeps bytes"),
    "settings": (set(), "settings import nothing of the project"),
    "sandbox": (set(), "the sandbox and the application share no code, so that each checks the other"),
}
# Libraries that a part must not know, and what to use instead.
FOREIGN = {
    "providers": ({"flask", "werkzeug", "jinja2"}, "clients work without a web application"),
    "domain": ({"flask", "werkzeug", "jinja2", "requests"}, "domain/ works for commands too"),
    "settings": ({"flask", "werkzeug", "jinja2", "requests"}, "settings are values"),
    "cli": ({"requests", "sqlite3", "redis", "urllib3"}, "commands use clients and stores"),
    "blueprints": ({"requests", "sqlite3", "redis", "urllib3", "httpx"}, "views use clients and stores"),
}
PARTS = sorted({name.partition(".")[0] for name in ALLOWED} - {"app", "gunicorn"})
FILES = [
    ROOT / "app.py",
    ROOT / "gunicorn.conf.py",
    *(path for part in PARTS for path in (ROOT / part).rglob("*.py")),
]


def name_of(path):
    """Return a module's dotted name; that of a package for its __init__.py."""
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


MODULES = {name_of(path): path for path in FILES}


def package_of(name):
    """Return the package that a module is in: itself for a package, and for a module at the top."""
    is_package = MODULES[name].name == "__init__.py"
    return name if is_package or "." not in name else name.rpartition(".")[0]


def row_of(name):
    """Return the row of ALLOWED that a module is under; all of the sandbox is under one."""
    if name.startswith("sandbox"):
        return "sandbox"
    return name if name in ALLOWED else package_of(name)


def imports_of(path):
    """Yield every module that a file imports, as dotted names, imported names included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide their direction"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def our_imports(name):
    """Return the modules of the project that a module imports."""
    found = set()
    for imported in imports_of(MODULES[name]):
        found |= {one for one in (imported, imported.rpartition(".")[0]) if one in MODULES}
        # "from package import module" names the module; the package is imported on the way.
        if imported in MODULES:
            found.discard(imported.rpartition(".")[0])
    return found - {name}


@pytest.mark.parametrize("row", ALLOWED)
def test_a_package_imports_only_what_it_may(row):
    modules = [name for name in MODULES if row_of(name) == row]
    assert modules, f"there is no {row}"
    allowed, advice = ALLOWED[row]
    for name in modules:
        for imported in our_imports(name):
            package = row_of(imported)
            assert package == row or package in allowed or package_of(imported) in allowed, (
                f"{name} imports {imported}, which {row} may not: {advice}"
            )


def test_every_module_is_under_a_row():
    assert not [name for name in MODULES if row_of(name) not in ALLOWED]


def test_there_is_no_circle():
    graph = {name: our_imports(name) for name in MODULES if row_of(name) != "sandbox"}
    done, path = set(), []

    def visit(name):
        assert name not in path, f"a circle: {' -> '.join([*path[path.index(name) :], name])}"
        if name in done:
            return
        path.append(name)
        for imported in sorted(graph[name]):
            visit(imported)
        done.add(path.pop())

    for name in graph:
        visit(name)


def test_partners_never_import_each_other():
    for name in MODULES:
        others = [one for one in our_imports(name) if one.startswith("providers.partners.")]
        if name.startswith("providers.partners."):
            assert set(others) <= {"providers.partners.partner"}, f"{name} imports {others}"


@pytest.mark.parametrize("part", FOREIGN)
def test_each_part_knows_only_its_own_libraries(part):
    libraries, advice = FOREIGN[part]
    for name, path in MODULES.items():
        if name.partition(".")[0] == part:
            known = {imported.partition(".")[0] for imported in imports_of(path)} & libraries
            assert not known, f"{name} imports {known}: {advice}"


def test_no_folder_holds_more_than_a_person_can_overlook():
    folders = {}
    for name, path in MODULES.items():
        if row_of(name) == "sandbox":
            continue
        folders.setdefault(path.parent, []).append(path.name)
    crowded = {
        str(folder.relative_to(ROOT)): len(names) for folder, names in folders.items() if len(names) > 18
    }
    assert not crowded, "split it by subject"


def test_settings_are_the_only_reader_of_the_environment():
    for name, path in MODULES.items():
        if name.partition(".")[0] in {"settings", "serving", "sandbox"}:
            continue
        text = path.read_text(encoding="utf-8")
        assert "os.environ" not in text, name
        assert "getenv" not in text, name


def test_nothing_of_ours_can_unpickle():
    for name, path in MODULES.items():
        known = {imported.partition(".")[0] for imported in imports_of(path)} & {
            "pickle",
            "marshal",
            "shelve",
            "dill",
        }
        assert not known, name


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
