"""Plain words: no vague name lives long, every public thing says what it is, and a class's name has one owner."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.support.places import ROOT

VAGUE = {"found", "one", "said", "told", "given", "kept", "at"}
LINES = 3
"""For so many lines a vague name may live: one sees what it stands for."""
OUTPUT = {
    ("lambdatui/cli/doctor/findings.py", "found"),
    ("lambdatui/views/advice_item.py", "found"),
    ("lambdatui/views/comparison.py", "one"),
    ("lambdatui/views/time_range.py", "at"),
}
"""Fields that are columns of `--json` and `--csv`, or an option: their names are a promise to scripts."""
FILES = [
    path
    for package in ("lambdatui", "collectors", "pricing")
    for path in sorted((ROOT / package).rglob("*.py"))
    if "samples" not in path.parts
]
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in FILES:
        yield named(path), ast.parse(path.read_text())


def long_lived(function: ast.AST) -> Iterator[str]:
    """The vague names of a function that live over more lines."""
    lines = defaultdict(list)
    for node in ast.walk(function):
        if isinstance(node, ast.Name | ast.arg):
            lines[node.id if isinstance(node, ast.Name) else node.arg].append(node.lineno)
    for name in VAGUE & lines.keys():
        if max(lines[name]) - min(lines[name]) >= LINES:
            yield name


def public(body: list[ast.stmt]) -> Iterator[Definition]:
    """Public definitions and those in public classes; not the overloads of one, nor a property's setter."""
    for node in body:
        if not isinstance(node, Definition) or node.name.startswith("_"):
            continue
        if any(ast.unparse(each).endswith(("overload", ".setter")) for each in node.decorator_list):
            continue
        yield node
        if isinstance(node, ast.ClassDef):
            yield from public(node.body)


def test_vague_names_live_for_three_lines() -> None:
    long = set()
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                long |= {(name, vague) for vague in long_lived(node)}
            if isinstance(node, Definition) and node.name in VAGUE:
                long.add((name, node.name))
            if isinstance(node, ast.ClassDef | ast.Module):
                fields = [each.target for each in node.body if isinstance(each, ast.AnnAssign)]
                fields += [target for each in node.body if isinstance(each, ast.Assign) for target in each.targets]
                long |= {(name, field.id) for field in fields if isinstance(field, ast.Name) and field.id in VAGUE}
    assert long - OUTPUT == set()


def test_every_public_thing_says_what_it_is() -> None:
    silent = [
        f"{name}:{node.lineno} {node.name}"
        for name, tree in trees()
        for node in public(tree.body)
        if not ast.get_docstring(node)
    ]
    silent += [name for name, tree in trees() if tree.body and not ast.get_docstring(tree)]
    assert silent == []


def test_a_class_name_has_one_owner() -> None:
    owners = defaultdict(list)
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                owners[node.name].append(name)
    assert {name: files for name, files in owners.items() if len(files) > 1} == {}
