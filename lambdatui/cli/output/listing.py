"""What every listing can be asked: form, order, filter, limit and columns, with the help and completions of those."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from lambdatui.cli.global_options import keep_function_sets, keep_tag_terms
from lambdatui.views import filters
from lambdatui.views.change import names_growth
from lambdatui.views.columns import Column, columns_of, extra_columns

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Listing:
    """What was asked of a listing: its form (``text``, ``json`` or ``csv``), order, filter, limit and columns."""

    form: str = "text"
    sort: str | None = None
    reverse: bool = False
    where: str | None = None
    limit: int | None = None
    columns: str | None = None


def asks_for_growth(listing: Listing) -> bool:
    """Whether changes are printed or looked at: text has none of them unasked."""
    named = " ".join(filter(None, (listing.columns, listing.sort, listing.where)))
    return (listing.form != "text" and not listing.columns) or names_growth(named)


class ColumnsOption(click.Option):
    """An option that takes columns, and completes their ids.

    ``separator`` stands between several; ``suffix`` is what goes on behind an id.
    """

    def __init__(
        self,
        names: Sequence[str],
        *,
        columns: Iterable[Column],
        separator: str = "",
        suffix: str = "",
        **options: Any,
    ) -> None:
        super().__init__(names, **options)
        self.columns = {column.id: column for column in columns}
        self._separator = separator
        self._suffix = suffix

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The ids that what is typed can go on as; of several the last."""
        head = ""
        if self._separator in incomplete and self._separator:
            head = incomplete[: incomplete.rindex(self._separator) + 1]
        typed = incomplete.removeprefix(head)
        return [
            CompletionItem(f"{head}{name}{self._suffix}", help=column.help)
            for name, column in self.columns.items()
            if name.startswith(typed.lower())
        ]


class ListingHelp(click.Command):
    """A command whose help ends with the columns that its rows have."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options, then the columns."""
        super().format_options(ctx, formatter)
        option = next((each for each in self.params if isinstance(each, ColumnsOption)), None)
        if option is not None and option.columns:
            with formatter.section("Columns"):
                formatter.write_dl([(name, column.help) for name, column in option.columns.items()])


class ListingGroup(ListingHelp, click.Group):
    """A group of subcommands whose help ends with the columns that its rows have."""


def _without_names(listing: Listing, columns: Sequence[Column]) -> Listing:
    """The listing with what saved filters stand for in place of their names; those of functions narrow everything.

    Raises ``FilterError``: also where a filter is of other rows, and names a column that is not among ``columns``.
    """
    expression = listing.where or ""
    if "@" not in expression:
        return listing
    from lambdatui.settings import paths
    from lambdatui.settings.saved_filters import SavedFilters
    from lambdatui.views.named_filter import expanded, misfit

    context = click.get_current_context()
    rows, saved = context.info_name or "", SavedFilters(paths.filters_file())
    without_names = expanded(expression, rows, saved)
    try:
        if columns:
            filters.parse(without_names.expression, columns)
    except filters.FilterError as error:
        raise misfit(error, expression, rows, saved) from None
    keep_function_sets(context, without_names.sets)
    return replace(listing, where=without_names.expression or None)


def listing_options(
    *rows: type, extra: Sequence[str] = (), filters_rows: bool = True
) -> Callable[[_Command], _Command]:
    """The options of every listing; the command receives one ``listing``.

    ``rows`` are the types of its rows; ``extra`` names those columns of the first that only some views export.
    What ``--filter`` says of tags narrows everything, except where it is not a filter of rows.
    """
    columns = [column for row in rows for column in columns_of(row)]
    columns += extra_columns(rows[0], *extra) if extra else ()
    options = (
        click.option("--json", "as_json", is_flag=True, help="One JSON object, rows and where they come from."),
        click.option("--csv", "as_csv", is_flag=True, help="CSV with column ids in the header."),
        click.option(
            "--sort", cls=ColumnsOption, columns=columns, metavar="COLUMN",
            help="Sort by a column, ascending; unknown values come last.",
        ),
        click.option("--reverse", is_flag=True, help="Sort descending; without --sort, turn the order round."),
        click.option(
            "--filter", "where", cls=ColumnsOption, columns=columns, separator=" ", suffix=":", metavar="EXPR",
            help="Words, column:value, column>5; ! inverts; @NAME is saved.",
        ),
        click.option("--limit", type=click.IntRange(min=0), metavar="N", help="At most N rows."),
        click.option(
            "--columns", cls=ColumnsOption, columns=columns, separator=",", metavar="A,B",
            help="These columns, in this order.",
        ),
    )  # fmt: skip

    def decorated(command: _Command) -> _Command:
        def wrapped(**values: Any) -> Any:
            forms = [form for form, flag in (("json", values.pop("as_json")), ("csv", values.pop("as_csv"))) if flag]
            if len(forms) > 1:
                raise click.UsageError("--json and --csv exclude each other", click.get_current_context())
            names = ("sort", "reverse", "where", "limit", "columns")
            listing = Listing(forms[0] if forms else "text", **{name: values.pop(name) for name in names})
            if listing.where:
                listing = _without_names(listing, columns if filters_rows else ())
            if filters_rows and listing.where:
                keep_tag_terms(click.get_current_context(), filters.tags_in(listing.where))
            return command(listing=listing, **values)

        wrapped.__doc__, wrapped.__name__ = command.__doc__, command.__name__
        wrapped.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
        for option in reversed(options):
            wrapped = option(wrapped)
        return wrapped  # type: ignore[return-value]

    return decorated
