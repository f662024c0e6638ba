"""The price book of a command; what is wrong with the book that was meant is written to stderr once."""

import click

from pricing.pricebook import PriceBook


class _InUse:
    """Called for the book. Notices are written once a command; where no command runs, none are."""

    def __call__(self) -> PriceBook:
        from lambdatui.settings.price_book import in_use

        in_use_now = in_use()
        context = click.get_current_context(silent=True)
        if in_use_now.notices and context is not None:
            already_said: set[str] = context.find_root().meta.setdefault("lambdatui.settings.price_book.said", set())
            for notice in in_use_now.notices:
                if notice not in already_said:
                    already_said.add(notice)
                    _say(notice)
        return in_use_now.book

    @staticmethod
    def cache_clear() -> None:
        """The book is read again when it is next asked for."""
        from lambdatui.settings.price_book import _in_use

        _in_use.cache_clear()


def _say(notice: str) -> None:
    from lambdatui.text.plain import plain

    click.echo(plain(f"lambdatui: {notice}"), err=True)


price_book = _InUse()
