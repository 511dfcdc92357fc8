"""The sandbox's imports run one way, package by package, and no modules import each other in a circle.

Imports for types alone count as well: what a module names, it knows.
"""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SANDBOX = ROOT / "sandbox"

PURPOSES = {
    "world": "the simulation, on the standard library alone",
    "api": "how emulated HTTP interfaces speak, whichever service it is",
    "personas": "what goes wrong for which magic driver",
    "oauth": "the authorization server's rules, without pages",
    "server": "HTTP itself: connections, framing, arrival times, the record of requests",
    "services": "the views of Vinli's services, and what they share",
    "partners": "the partners' services",
    "control": "the control interface",
    "cli": "options and what is printed",
    "bounded": "a leaf for everybody",
    "options": "a leaf for everybody but the world",
    "container": "building one sandbox out of its parts",
    "shared_paths": "paths that two services have in common",
    "app": "wiring",
    "__main__": "starting it",
}
# Packages, and the modules beside them, with what each may import.
ALLOWED = {
    "bounded": set(),
    "options": set(),
    "world": set(),
    "server": set(),
    "api": {"world"},
    "personas": {"world", "api"},
    "oauth": {"world", "personas", "bounded", "options"},
    "services": {"world", "api", "personas", "oauth", "options"},
    "partners": {"world", "api", "bounded"},
    "control": {"world", "api", "personas", "oauth", "server", "services", "partners"},
    "container": {"world", "api", "server", "services", "partners", "control", "options"},
    "shared_paths": {"api", "oauth", "services", "partners"},
    "app": {"api", "oauth", "services", "partners", "control", "container", "shared_paths"},
    "cli": {"world", "api", "oauth", "partners", "container", "options"},
    "__main__": {"world", "server", "cli", "container", "app", "options"},
}
# What else these may import. The others are free to use the libraries of requirements.in.
LIBRARIES = {"world": set(), "server": {"h11", "wsproto"}, "options": set(), "bounded": set()}
PARTNERS = ("anyline", "aspose", "ayyeka", "instyle")


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(SANDBOX.rglob("*.py"))}


def imports_of(path):
    """Yield the modules that a file imports: dotted names, in a package the module itself."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide their direction"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


def package_of(module):
    """Return the part of the sandbox a module belongs to, None for the package ``sandbox`` itself."""
    return module.split(".")[1] if "." in module else None


def advice(module, package, imported):
    """Say where code belongs that needs what ``package`` may not import."""
    needed = {package, imported}
    both = [name for name, allowed in ALLOWED.items() if needed <= allowed | {name}]
    homes = ", ".join(f"{name} ({PURPOSES[name]})" for name in both) or "two places, one calling the other"
    return (
        f"{module} imports sandbox.{imported}. {package} is {PURPOSES[package]}, and may import "
        f"{', '.join(sorted(ALLOWED[package])) or 'nothing of the sandbox'}. What needs both belongs in: {homes}. "
        f"Or let the caller pass in what {package} needs."
    )


def offences(modules):
    for module, path in modules.items():
        package = package_of(module)
        for name in imports_of(path) if package else ():
            if name.split(".")[0] != "sandbox":
                continue
            imported = package_of(name)
            if imported != package and imported not in ALLOWED[package]:
                yield advice(module, package, imported)


def circle_in(graph):
    """Return a list of modules that import each other in turn, the first of them at the end again, or None."""
    done, path = set(), []

    def visit(module):
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return None
        path.append(module)
        found = next(filter(None, (visit(name) for name in sorted(graph.get(module, ())))), None)
        path.pop()
        done.add(module)
        return found

    return next(filter(None, map(visit, graph)), None)


def test_every_part_has_its_rule():
    assert {package_of(module) for module in MODULES} - {None} == set(ALLOWED) == set(PURPOSES)


def test_imports_run_one_way():
    found = list(offences(MODULES))
    assert not found, "\n".join(found)


def test_no_modules_import_each_other_in_a_circle():
    graph = {
        module: {name for name in imports_of(path) if name in MODULES} for module, path in MODULES.items()
    }
    circle = circle_in(graph)
    assert circle is None, " -> ".join(circle)


def test_the_rules_themselves_have_no_circle():
    assert circle_in(ALLOWED) is None


@pytest.mark.parametrize("package", LIBRARIES)
def test_some_parts_need_few_libraries(package):
    free = sys.stdlib_module_names | LIBRARIES[package] | {"sandbox"}
    for module, path in MODULES.items():
        if package_of(module) == package:
            foreign = {name.split(".")[0] for name in imports_of(path)} - free
            assert not foreign, f"{module} imports {foreign}: {package} is {PURPOSES[package]}"


@pytest.mark.parametrize("partner", PARTNERS)
def test_partners_do_not_know_each_other(partner):
    own, shared = f"sandbox.partners.{partner}", "sandbox.partners"
    for module, path in MODULES.items():
        if module.startswith(own + "."):
            others = {
                name for name in imports_of(path) if name.split(".")[2:3] and name.split(".")[2] in PARTNERS
            }
            foreign = {name for name in others if name.startswith(shared) and not name.startswith(own)}
            assert not foreign, (
                f"{module} imports {foreign}: what partners have in common belongs in {shared}"
            )


def test_an_offence_is_told_with_where_the_code_belongs(tmp_path, monkeypatch):
    intruder = tmp_path / "roads.py"
    intruder.write_text("from sandbox.oauth.tokens import Tokens\n")
    [message] = offences({"sandbox.world.roads": intruder})
    assert "sandbox.world.roads imports sandbox.oauth" in message
    assert "oauth (the authorization server's rules, without pages), services" in message


def test_a_circle_is_found():
    assert circle_in({"a": {"b"}, "b": {"c", "d"}, "d": {"b"}}) == ["b", "d", "b"]
