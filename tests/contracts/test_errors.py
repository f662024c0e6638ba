"""One base for every error of ours, and one table of exit codes: what the README says of them is what they do."""

import ast
import builtins
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.model.errors import EXIT_CODES, CaughtError, ExitCode, LambdatuiError
from lambdatui.cli import commands
from lambdatui.cli.main import cli
from tests.support.command_line import run
from tests.support.places import ROOT

ROOMS = ("collectors", "lambdatui", "pricing")
WITHOUT_THE_HOUSE = {
    "lambdatui/runner/runtimes/bootstrap.py": "runs in a function's own process, where nothing of the house is imported",
    "lambdatui/demo/samples": "programs of a sample shop, as anybody's",
}
_FOREIGN = {
    *(name for name in vars(builtins) if isinstance(vars(builtins)[name], type) and issubclass(vars(builtins)[name], BaseException)),
    "DatabaseError", "BotoCoreError", "ResponseParserError", "ClickException", "UsageError", "Abort",
}  # fmt: skip


def _classes() -> Iterator[tuple[str, ast.ClassDef]]:
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            path = file.relative_to(ROOT).as_posix()
            if not path.startswith(tuple(WITHOUT_THE_HOUSE)):
                for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                    if isinstance(node, ast.ClassDef):
                        yield path, node


def test_every_error_of_ours_has_the_one_base() -> None:
    bases = {node.name: {ast.unparse(base).rpartition(".")[2] for base in node.bases} for _, node in _classes()}
    ours, errors = {"LambdatuiError"}, set(_FOREIGN)
    for _ in range(5):  # deeper than any inheritance here
        ours |= {name for name, named in bases.items() if named & ours}
        errors |= {name for name, named in bases.items() if named & errors}
    others = {(path, node.name) for path, node in _classes() if node.name in errors and node.name not in ours}
    assert others == set()
    assert len(ours) > 40


def test_the_readme_has_the_table_of_exit_codes() -> None:
    section = (ROOT / "README.md").read_text("utf-8").partition("## Exit codes")[2].partition("\n## ")[0]
    rows = {int(code): meaning for code, meaning in re.findall(r"^\| (\d+) \| (.+) \|$", section, re.MULTILINE)}
    assert rows == EXIT_CODES
    codes = {code for name, code in vars(ExitCode).items() if not name.startswith("_")}
    assert codes == set(EXIT_CODES)


class _Told(LambdatuiError):
    exit_code = ExitCode.PARTLY


class _Internal(CaughtError):
    """One that should have been caught."""


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (LambdatuiError("it broke"), 1, "lambdatui: it broke\n"),
        (LambdatuiError("it broke", advice="mend it"), 1, "lambdatui: it broke; mend it\n"),
        (_Told("half"), 3, "lambdatui: half\n"),
        (FileNotFoundError(2, "No such file", "x"), 1, "lambdatui: x: No such file\n"),
        (KeyboardInterrupt(), 130, "\ninterrupted\n"),
    ],
)
def test_an_error_is_one_line_and_its_exit_code(
    error: BaseException, code: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = commands.load("completions")
    assert command is not None

    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(command, "callback", fail)
    result = run("completions", "bash")
    assert (result.exit_code, result.stdout, result.stderr) == (code, "", told)


def test_what_nobody_foresaw_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    command = commands.load("completions")
    assert command is not None
    for error in (_Internal("a fault of ours"), ZeroDivisionError()):

        def fail(error: Exception = error, **_: object) -> None:
            raise error

        monkeypatch.setattr(command, "callback", fail)
        with pytest.raises(type(error)):
            cli.main(["completions", "bash"], standalone_mode=False)


def test_only_one_place_makes_exit_codes_of_errors() -> None:
    """No command ends the process by a number of its own: ``ExitCode`` names them all."""
    numbers = []
    for file in sorted((ROOT / "lambdatui" / "cli").rglob("*.py")):
        for node in ast.walk(ast.parse(Path(file).read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("exit", "Exit")):
                numbers += [(file.name, node.lineno) for each in node.args if isinstance(each, ast.Constant)]
    assert numbers == []
