"""The map of the tests: what lies where, so that a module's tests are found by its path."""

import ast
from pathlib import Path

import pytest

from tests.support.places import ROOT

TESTS = ROOT / "tests"
ROOMS = {"conformance", "contracts", "equivalence", "faults", "oracle", "screens", "support", "system", "unit"}
FILES = sorted(TESTS.rglob("*.py"))
UNIT = sorted((TESTS / "unit").rglob("test_*.py"))


def named(path: Path) -> str:
    return str(path.relative_to(TESTS))


def is_named_for(module: str, path: Path) -> bool:
    """Whether a file of tests is named for a module, or for a module and an aspect of it."""
    return path.stem == f"test_{module}" or path.stem.startswith(f"test_{module}_")


def test_nothing_lies_loose() -> None:
    assert {path.name for path in TESTS.glob("*.py")} == {"__init__.py", "conftest.py"}
    assert {path.name for path in TESTS.iterdir() if path.is_dir() and path.name != "__pycache__"} == ROOMS


@pytest.mark.parametrize("path", UNIT, ids=named)
def test_a_unit_test_has_the_path_of_its_module(path: Path) -> None:
    """``tests/unit/collectors/store/test_spans.py`` is of ``collectors/store/spans.py``, or of a package ``spans``."""
    package = ROOT / path.parent.relative_to(TESTS / "unit")
    modules = [
        module.stem for module in package.iterdir() if module.suffix == ".py" or (module / "__init__.py").exists()
    ]
    assert any(is_named_for(module, path) for module in modules), f"{package.relative_to(ROOT)} has none of {path.stem}"


@pytest.mark.parametrize(
    "path", [path for path in FILES if "support" not in path.parts and path.name != "conftest.py"], ids=named
)
def test_a_file_of_tests_stands_by_itself(path: Path) -> None:
    """It changes no search path and imports no other file of tests: what two need lies in support/."""
    tree = ast.parse(path.read_text())
    imported = [
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module is not None
        for alias in node.names
    ] + [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    assert not [name for name in imported if any(part.startswith("test_") for part in name.split("."))]
    edits = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.path"]
    assert not edits, f"line {edits[0].lineno} changes the search path" if edits else ""


def test_tests_lie_in_files_of_tests_only() -> None:
    """A function named like a test in any other file would never run."""
    for path in FILES:
        if not path.name.startswith("test_"):
            functions = [node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
            assert not [name for name in functions if name.startswith("test_")], named(path)


def test_no_helper_is_written_twice() -> None:
    """Two functions of several lines that are alike, whatever their names and their variables are, are one of support/."""
    written: dict[str, str] = {}
    twice = []
    for path in FILES:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("test_"):
                where = f"{named(path)} {node.name}"
                if node.end_lineno is not None and node.end_lineno - node.lineno >= 3:
                    first = written.setdefault(_shape(node), where)
                    twice += [] if first == where else [(first, where)]
    assert twice == []


def _shape(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """The body with its local names numbered, without docstring and annotations."""
    numbers: dict[str, str] = {}
    own = {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
    own |= {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    parts = [f"{len(function.args.args)}"]
    for node in (node for statement in body for node in ast.walk(statement)):
        if isinstance(node, ast.Name):
            parts.append(numbers.setdefault(node.id, str(len(numbers))) if node.id in own else node.id)
        elif isinstance(node, ast.Attribute):
            parts.append(node.attr)
        elif isinstance(node, ast.Constant):
            parts.append(repr(node.value))
        elif isinstance(node, ast.keyword):
            parts.append(node.arg or "**")
        parts.append(type(node).__name__)
    return " ".join(parts)
