"""``lambdatui help``."""

import click

from lambdatui.cli.usage_errors import did_you_mean


@click.command(name="help", epilog="Example: lambdatui help db check")
@click.argument("words", nargs=-1, metavar="[COMMAND]...")
@click.pass_context
def command(context: click.Context, words: tuple[str, ...]) -> None:
    """Show the help of lambdatui, or of a command: the same as its --help."""
    shown = context.find_root()
    for word in words:
        group = shown.command
        if not isinstance(group, click.Group):
            raise click.UsageError(f"it has no commands of its own, such as {word!r}", shown)
        subcommand = group.get_command(shown, word)
        if subcommand is None:
            raise click.UsageError(f"no command {word!r}{did_you_mean(word, group.list_commands(shown))}", shown)
        shown = click.Context(subcommand, info_name=word, parent=shown)
    click.echo(shown.get_help())
