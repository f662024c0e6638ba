"""No module of the store imports itself through others: within functions and for type checkers only counts too."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.support.places import ROOT

STORE = ROOT / "collectors" / "store"


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(code: str, known: frozenset[str]) -> set[str]:
    """What of the known modules a module's code names in any import."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            members = {f"{node.module}.{alias.name}" for alias in node.names} & known
            names |= members or {node.module}
    return names & known


def test_the_store_has_no_circle() -> None:
    paths = {module(path): path for path in STORE.rglob("*.py")}
    known = frozenset(paths)
    graph = {name: imports(path.read_text(), known) - {name} for name, path in paths.items()}
    assert len(graph) > 50
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[-1])))


def test_an_import_is_seen_wherever_it_stands() -> None:
    code = "if TYPE_CHECKING:\n    from a.b import C\n\ndef late():\n    from a import b\n    import a.d\n    from a.e import f\n"
    assert imports(code, frozenset({"a.b", "a.d", "a.e", "a.z"})) == {"a.b", "a.d", "a.e"}
