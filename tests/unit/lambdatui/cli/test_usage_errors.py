"""A wrong command line is told in one line: what is wrong, what was meant, where the help is."""

import pytest

from lambdatui.cli import commands
from tests.support.command_line import run


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("functons", "lambdatui: no command 'functons'; did you mean functions? (see 'lambdatui --help')"),
        ("db chek", "lambdatui db: no command 'chek'; did you mean check? (see 'lambdatui db --help')"),
        ("runner zzz", "lambdatui runner: no command 'zzz'; there are "),
        ("functions --colums a", "lambdatui functions: no such option '--colums'; did you mean --columns? (see "),
        ("--rang 3h functions", "lambdatui: no such option '--rang'; did you mean --range? (see 'lambdatui --help')"),
        ("functions --qqqqqq", "lambdatui functions: no such option '--qqqqqq' (see 'lambdatui functions --help')"),
        ("collect --logs event", "lambdatui collect: invalid value for '--logs': there is no 'event'; did you mean events? (see "),
        ("completions bsh", "lambdatui completions: invalid value for 'SHELL': there is no 'bsh'; did you mean bash? (see "),
        ("functions --limit x", "lambdatui functions: invalid value for '--limit': 'x' is no whole number (see "),
        ("db query", "lambdatui db query: missing argument 'SQL' (see 'lambdatui db query --help')"),
        ("help db chek", "lambdatui db: no command 'chek'; did you mean check? (see 'lambdatui db --help')"),
        ("help functions x", "lambdatui functions: it has no commands of its own, such as 'x' (see "),
    ],
)  # fmt: skip
def test_one_line_says_what_was_meant(line: str, told: str) -> None:
    result = run(*line.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(told)
    assert result.stderr.count("\n") == 1
    assert "?." not in result.stderr
    assert ".." not in result.stderr


def test_the_help_has_every_command_once_in_a_group_with_an_example() -> None:
    help_text = run("--help").stdout
    for title, (example, group) in commands.GROUPS.items():
        section = help_text.partition(f"\n{title}:\n")[2].partition("\n\n")[0]
        assert [name for name in group if f"\n  {name} " in f"\n{section}"] == list(group)
        assert f"$ {example}" in " ".join(section.split())
    names = [name for _, group in commands.GROUPS.values() for name in group]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("words", [[], ["functions"], ["db"], ["db", "check"]])
def test_help_shows_what_the_option_shows(words: list[str]) -> None:
    asked, option = run("help", *words), run(*words, "--help")
    assert (asked.exit_code, asked.stdout) == (0, option.stdout)


def test_the_version_has_a_short_option() -> None:
    assert run("-V").stdout == run("--version").stdout != ""
