"""No module of the house imports, by whatever way, one that imports it.

The walk is of the syntax trees, not of what runs: imports for types only, imports within functions, and
``import_module("literal")`` count, because a reader of one module must know the other all the same.
"""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.support.places import ROOT

PACKAGES = ("lambdatui", "collectors", "pricing")
SAMPLES = ROOT / "lambdatui" / "demo" / "samples"  # programs of their own: each has its app.py


def modules(root: Path) -> dict[str, Path]:
    """Dotted name -> file, of every module of the house under ``root``."""
    known: dict[str, Path] = {}
    for package in PACKAGES:
        for file in (root / package).rglob("*.py"):
            if SAMPLES not in file.parents:
                parts = file.relative_to(root).with_suffix("").parts
                known[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return known


def imported(source: str, module: str, *, is_package: bool, known: Mapping[str, object]) -> set[str]:
    """The modules among ``known`` that the source of ``module`` imports anywhere in it."""
    return {name for name in _named(ast.parse(source), module, is_package) if name in known} - {module}


def _named(tree: ast.Module, module: str, is_package: bool) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, module, is_package)
            yield base
            for alias in node.names:
                yield f"{base}.{alias.name}"
        elif isinstance(node, ast.Call) and node.args and _called(node) in ("import_module", "__import__"):
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield name.value


def _base(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    """The module that is imported from: ``from ..a import b`` in ``x.y.z`` is from ``x.a``."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    parts = parts[: len(parts) - node.level + is_package]
    return ".".join([*parts, *([node.module] if node.module else [])])


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


@cache
def imports(root: Path) -> dict[str, set[str]]:
    """Module -> modules of the house that it imports. A package that only holds modules is none that one imports."""
    known = modules(root)
    graph: dict[str, set[str]] = {}
    for module, file in known.items():
        names = imported(file.read_text("utf-8"), module, is_package=file.name == "__init__.py", known=known)
        # ``from a.b import c`` runs a.b too; it is of interest where it is a module, or a package that says something.
        graph[module] = {name for name in names if known[name].name != "__init__.py" or _says_something(known[name])}
    return graph


def _says_something(package: Path) -> bool:
    """Whether an ``__init__.py`` is more than a docstring."""
    body = ast.parse(package.read_text("utf-8")).body
    return any(not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) for node in body)


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """The sets of modules that reach each other (Tarjan's strongly connected components of more than one)."""
    numbers: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    result: list[list[str]] = []

    def visit(module: str) -> None:
        numbers[module] = lowest[module] = len(numbers)
        stack.append(module)
        for other in graph.get(module, ()):
            if other not in numbers:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in stack:
                lowest[module] = min(lowest[module], numbers[other])
        if lowest[module] == numbers[module]:
            members = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(members) > 1:
                result.append(sorted(members))

    for module in graph:
        if module not in numbers:
            visit(module)
    return result


def test_no_module_imports_one_that_imports_it() -> None:
    assert circles(imports(ROOT)) == []


@pytest.mark.parametrize(
    "second",
    [
        "import lambdatui.first",
        "from lambdatui.first import x",
        "from lambdatui import first",
        "from . import first",
        "from .first import x",
        "if TYPE_CHECKING:\n    from lambdatui.first import X",
        "def f():\n    from lambdatui.first import x",
        "class C:\n    async def f(self):\n        import lambdatui.first as g",
        "try:\n    import lambdatui.first\nexcept ImportError:\n    pass",
        "def f():\n    return import_module('lambdatui.first')",
        "def f():\n    return importlib.import_module('lambdatui.first').x",
        "__import__('lambdatui.first')",
    ],
)
def test_every_way_to_import_is_seen(tmp_path: Path, second: str) -> None:
    folder = tmp_path / "lambdatui"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "first.py").write_text("from lambdatui.third import x\n")
    (folder / "second.py").write_text(second + "\n")
    (folder / "third.py").write_text("import lambdatui.second\n")
    assert circles(imports(tmp_path)) == [["lambdatui.first", "lambdatui.second", "lambdatui.third"]]


def test_what_only_goes_one_way_is_no_circle(tmp_path: Path) -> None:
    folder = tmp_path / "lambdatui"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "first.py").write_text("from lambdatui import second, third\n")
    (folder / "second.py").write_text("from .third import x\n")
    (folder / "third.py").write_text("import json\nname = 'lambdatui.first'\n")
    assert circles(imports(tmp_path)) == []
