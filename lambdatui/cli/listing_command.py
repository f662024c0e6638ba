"""Subcommands that list rows: each declares its view, the types of its rows, and what is its own."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from lambdatui.cli.output.listing import Listing, ListingHelp, listing_options
from lambdatui.cli.output.rows import emit
from lambdatui.cli.store_access import opened
from lambdatui.views.view import View


def listing_command(
    name: str,
    *rows: type,
    example: str,
    extra: Sequence[str] = (),
    prepare: Callable[..., None] | None = None,
    notes: Callable[[Any, Listing], Iterable[str]] | None = None,
    exit_code: Callable[[Any], int] | None = None,
) -> Callable[[Callable[..., View[Any]]], click.Command]:
    """A command that prints what a function answers: a view, given the open store, the listing and own options.

    ``rows`` and ``extra`` are as in ``listing_options``. The function's docstring is the help; ``click.option`` below
    this adds options of its own. ``prepare`` takes those, and runs before the store is opened. ``notes`` are printed on
    stderr after the rows; ``exit_code`` is 0 without it.
    """

    def decorated(answer: Callable[..., View[Any]]) -> click.Command:
        def run(listing: Listing, **options: Any) -> int:
            if prepare is not None:
                prepare(**options)
            with opened() as store:
                view = answer(store, listing, **options)
                emit(view, listing, utc=store.context.utc)
            for note in notes(view, listing) if notes is not None else ():
                click.echo(note, err=True)
            return exit_code(view) if exit_code is not None else 0

        run.__doc__, run.__name__ = answer.__doc__, answer.__name__
        run.__click_params__ = getattr(answer, "__click_params__", [])  # type: ignore[attr-defined]
        command = click.command(name=name, cls=ListingHelp, epilog=f"Example: {example}")
        return command(listing_options(*rows, extra=extra)(run))

    return decorated
