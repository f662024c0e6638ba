"""``lambdatui completions SHELL``."""

import click

from collectors.model.errors import LambdatuiError


@click.command(
    name="completions",
    epilog="Example: lambdatui completions fish > ~/.config/fish/completions/lambdatui.fish",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for a shell.

    \b
    bash   lambdatui completions bash > ~/.local/share/bash-completion/completions/lambdatui
    zsh    lambdatui completions zsh > "${fpath[1]}/_lambdatui"
    fish   lambdatui completions fish > ~/.config/fish/completions/lambdatui.fish
    """
    from click.shell_completion import get_completion_class

    from lambdatui.cli.main import cli

    kind = get_completion_class(shell)
    if kind is None:
        raise LambdatuiError(f"this version of click has no completions for {shell}")
    click.echo(kind(cli, {}, "lambdatui", "_LAMBDATUI_COMPLETE").source())
