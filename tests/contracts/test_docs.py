"""The documentation says what the program does, and its links lead somewhere. No mkdocs is needed for this."""

import itertools
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import click
import pytest
import yaml

import lambdatui.screens
from lambdatui.app.navigation import commands_by_screen
from lambdatui.cli import commands
from lambdatui.cli.main import cli
from lambdatui.settings.config_schema import SETTINGS
from tests.support import small_store
from tests.support.command_line import run
from tests.support.places import ROOT

pytestmark = pytest.mark.xdist_group("documentation")  # one process makes the pages, not each

DOCS = ROOT / "docs"
WRITTEN = sorted(path for path in (*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / ".github").rglob("*.md")))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every page of the site as Markdown, by its name: made as mkdocs makes it."""
    folder = tmp_path_factory.mktemp("site")
    subprocess.run([sys.executable, DOCS / "generate.py", folder], check=True, cwd=folder, timeout=120)
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.md")}


def every_command() -> Iterator[tuple[str, click.Command]]:
    """Each command with its full name, those of groups too."""
    for name in commands.known():
        command = commands.load(name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {short}", child) for short, child in command.commands.items())


COMMANDS = dict(every_command())


def own_options(command: click.Command) -> list[click.Option]:
    return [one for one in command.params if isinstance(one, click.Option) and not one.hidden]


def example_of(command: click.Command) -> str:
    """What the help ends with: a whole command line."""
    text = command.epilog or next((part for part in (command.help or "").split("\n\n") if "Example: " in part), "")
    return " ".join(text.replace("\b", "").split()).removeprefix("Example: ")


PLACES = ("benchmarks", "collectors", "docs", "examples", "lambdatui", "pricing", "screenshots", "tests")


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_file_of_the_project_that_is_named_is_there(path: Path) -> None:
    """``NAME`` stands for any name; what is past is past in the changelog."""
    words = re.findall(r"`([\w.]+(?:/[\w.]+)*/?)`", path.read_text("utf-8"))
    named = [word for word in words if "/" in word and word.partition("/")[0] in PLACES and "NAME" not in word]
    gone = [word for word in named if not (ROOT / word).exists() and path.name != "CHANGELOG.md"]
    assert [word for word in gone if not (ROOT / "lambdatui" / word).exists()] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name: str, site: dict[str, str]) -> None:
    command = COMMANDS[name]
    page = site[f"commands/{name.split()[0]}.md"]
    section = page.partition(f"# {name}\n")[2]
    assert section
    section = section.partition("\n## ")[0] if " " in name else section
    for option in own_options(command):
        assert f"`{max(option.opts, key=len)}" in section or f", {max(option.opts, key=len)}" in section, option.opts
        assert option.help, f"{name} {option.opts}: no help"
    if not isinstance(command, click.Group) or command.invoke_without_command:
        assert example_of(command), f"{name} has no example"
        assert example_of(command) in section


@pytest.fixture
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, with no configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


def parse(command_line: str, folder: Path) -> None:
    """Read a command line as the program would, and run nothing. Raises ``click.UsageError``."""
    reader = shlex.shlex(command_line.partition(", and ")[0], posix=True, punctuation_chars="|>;&")
    reader.whitespace_split, reader.commenters = True, ""
    words = list(itertools.takewhile(lambda word: word not in ("|", ">", ";", "&"), reader))
    assert words.pop(0) == "lambdatui"
    (folder / "src").mkdir(exist_ok=True)
    for word in words:
        if Path(word).suffix in (".gz", ".toml", ".parquet", ".zip", ".jsonl") and not Path(word).is_absolute():
            (folder / word).parent.mkdir(parents=True, exist_ok=True)
            (folder / word).touch()  # what the example takes for there
    with click.Context(cli, info_name="lambdatui") as above:
        command: click.Command = cli
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            inner = command.get_command(above, words[0])
            assert inner is not None, command_line
            command = inner
            words.pop(0)
        command.make_context(command.name, words, parent=above)


@pytest.mark.parametrize("name", [name for name, command in COMMANDS.items() if example_of(command)])
def test_every_example_can_be_parsed(name: str, somewhere: Path) -> None:
    assert example_of(COMMANDS[name]).startswith(f"lambdatui {name}")
    parse(example_of(COMMANDS[name]), somewhere)


def command_lines(markdown: str) -> Iterator[str]:
    """The command lines of ours in code blocks; what stands behind two blanks is a remark, or the next one."""
    for block in re.findall(r"^```\n(.*?)^```", markdown, re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            for piece in re.split(r"  +", line.removeprefix("$ ")):
                yield from (part for part in piece.split("; ") if part.startswith("lambdatui "))


LINES = [(path, line) for path in WRITTEN for line in command_lines(path.read_text("utf-8"))]


@pytest.mark.parametrize(("path", "line"), LINES, ids=lambda value: value if isinstance(value, str) else value.name)
def test_every_command_that_is_shown_can_be_parsed(path: Path, line: str, somewhere: Path) -> None:
    parse(line, somewhere)


@pytest.mark.parametrize(
    "name", ["functions", "invocations", "errors", "costs", "alarms", "collections", "doctor", "patterns", "whatif"]
)
def test_every_column_of_a_commands_rows_is_documented(name: str, site: dict[str, str], tmp_path: Path) -> None:
    small_store.make(tmp_path / "small.db")
    header = run(name, "--db", tmp_path / "small.db", "--csv").stdout.splitlines()[0]
    section = site[f"commands/{name}.md"].partition("\n## Columns\n")[2]
    documented = re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \|$", section, re.MULTILINE)
    assert documented == header.split(",")


def test_the_global_options_are_documented(site: dict[str, str]) -> None:
    for option in own_options(cli):
        assert f"`{', '.join(sorted(option.opts, key=len))}" in site["commands/index.md"]


def test_the_readme_and_the_site_have_the_same_exit_codes(site: dict[str, str]) -> None:
    def codes(markdown: str) -> set[str]:
        return set(re.findall(r"^\| (\d+) \| ", markdown, re.MULTILINE))

    readme = (ROOT / "README.md").read_text("utf-8").partition("\n## Exit codes\n")[2]
    assert codes(readme) == codes(site["commands/index.md"].partition("\n## Exit codes\n")[2]) >= {"0", "5", "130"}


def screen_class(name: str) -> type:
    """``CostGroupsScreen`` for ``cost_groups``, wherever it is."""
    wanted = f"{name.title().replace('_', '')}Screen"
    modules = (import_module(one.name) for one in walk_packages(lambdatui.screens.__path__, "lambdatui.screens."))
    return next(getattr(module, wanted) for module in modules if hasattr(module, wanted))


@pytest.mark.parametrize("name", commands_by_screen())
def test_every_screen_is_documented(name: str, site: dict[str, str]) -> None:
    page = site[f"screens/{name}.md"]
    for shown in getattr(screen_class(name), "COLUMNS", ()):
        assert f"| `{shown.column.id}` | {shown.column.title} |" in page
    both = page + site["screens/index.md"]
    for command in commands_by_screen()[name]:
        assert f"| `{command.id()}` |" in both


def test_every_setting_is_documented(site: dict[str, str]) -> None:
    for name in SETTINGS:
        assert re.search(rf"^\| `{name}` \| [^|]+ \| [^|]+ \|$", site["configuration.md"], re.MULTILINE), name


def test_the_example_of_a_configuration_can_be_used(tmp_path: Path) -> None:
    from lambdatui.cli.config import faults_of
    from lambdatui.settings import config_file as config

    example = re.search(r"```toml\n(.*?)```", (DOCS / "configuration.md").read_text("utf-8"), re.DOTALL)
    assert example is not None
    path = tmp_path / "config.toml"
    path.write_text(example[1])
    settings = config.load(path)
    assert list(faults_of(settings)) == []
    tables = [name for name in SETTINGS if name not in {option.name for option in own_options(cli)}]
    assert set(tables) <= set(settings), "a table of the configuration has no example"


def test_every_table_of_the_store_is_documented(site: dict[str, str], tmp_path: Path) -> None:
    import sqlite3

    from collectors.store.connection import writing

    with writing(tmp_path / "empty.db"):
        pass
    connection = sqlite3.connect(tmp_path / "empty.db")
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    titles = {name for title in re.findall(r"^### (.*)$", site["store.md"], re.MULTILINE) for name in title.split(", ")}
    assert titles == {name for name in names if not name.startswith("sqlite_")}
    assert "| `billed_mb_ms` | INTEGER |" in site["store.md"]
    connection.close()


def test_pages_are_complete(site: dict[str, str]) -> None:
    assert not [name for name, text in site.items() if "<!-- generated:" in text]
    assert {"reliability.md", "security.md", "glossary.md", "contributing.md", "changelog.md"} <= site.keys()


def test_the_navigation_names_every_page(site: dict[str, str]) -> None:
    def leaves(node: object) -> Iterator[str]:
        if isinstance(node, str):
            yield node
        elif isinstance(node, dict):
            for below in node.values():
                yield from leaves(below)
        elif isinstance(node, list):
            for below in node:
                yield from leaves(below)

    named = set(leaves(yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"]))
    assert named == {name for name in site if not name.startswith("commands/") or name == "commands/index.md"}


def test_the_start_page_has_the_command_of_the_readme(site: dict[str, str]) -> None:
    install = next(line for line in (ROOT / "README.md").read_text("utf-8").splitlines() if line.startswith("python3 "))
    assert install in site["index.md"].splitlines()


# Links ------------------------------------------------------------------------------------------------------------


def without_code(markdown: str) -> str:
    return re.sub(r"`[^`\n]*`", "code", re.sub(r"^```.*?^```", "", markdown, flags=re.DOTALL | re.MULTILINE))


def anchors(markdown: str) -> set[str]:
    headings = re.findall(
        r"^#+ (.*)$", re.sub(r"^```.*?^```", "", markdown, flags=re.DOTALL | re.MULTILINE), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path, site: dict[str, str]) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(path.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (path.parent / name).resolve() if name else path
        made = there.relative_to(DOCS).as_posix() if there.is_relative_to(DOCS) else None
        assert there.exists() or made in site, f"{path.name}: {target}"
        if anchor:
            text = site[made] if made is not None and made in site else there.read_text("utf-8")
            assert anchor in anchors(text), f"{path.name}: {target}"


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_that_is_named_is_there(path: Path) -> None:
    if path.name == "CHANGELOG.md":  # what was is named as it was called
        return
    rooms = "|".join(re.escape(each.name) for each in ROOT.iterdir() if each.is_dir() and each.name != "dist")
    for name in re.findall(rf"(?<![\w./-])(?:{rooms})/[\w./-]*", path.read_text("utf-8")):
        if not re.search(r"[A-Z]{2}|000N", name):  # NAME stands for any
            there = ROOT / name.rstrip(".")
            assert there.exists() or there.with_suffix(".md").exists(), f"{path.name}: {name}"


def test_nothing_is_taken_from_beside_the_repository() -> None:
    for path in (*DOCS.rglob("*"), ROOT / "mkdocs.yml", ROOT / "Dockerfile", *(ROOT / ".github").rglob("*.yml")):
        if path.is_file() and path.suffix not in (".pyc", ".png"):
            assert "../shared" not in path.read_text("utf-8"), path


def test_a_word_of_the_glossary_stands_once_and_in_order() -> None:
    sections = (ROOT / "GLOSSARY.md").read_text("utf-8").split("\n## ")[1:]
    words = [re.findall(r"^\| ([^|]+) \| (?!---)", section, re.MULTILINE)[1:] for section in sections]
    flat = [word.strip().lower() for section in words for word in section]
    assert len(flat) == len(set(flat)) > 80
    for section in words:
        assert section == sorted(section, key=str.lower)
