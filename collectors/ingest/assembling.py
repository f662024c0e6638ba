"""Turns the log events that a source gives into batches of invocations: the reading half of every collection."""

from collections.abc import Iterator

from collectors.columnar.assembler import ColumnarAssembler
from collectors.model.account import Covered
from collectors.model.invocation_columns import Batch
from collectors.sources.base import Item, LogEvents, Rejects, StoredItem, ToldItem


def assembled(
    items: Iterator[Item], assembler: ColumnarAssembler, batch_rows: int
) -> Iterator[Batch | StoredItem | ToldItem]:
    """The items in their order; log events and rejects come as batches of ``batch_rows`` or more.

    Before a mark of what is covered comes a batch of everything read before it, with unfinished invocations as
    fragments, because it must be committed before the mark. Such a batch also comes at the end of the source, or before
    its failure.
    """
    try:
        for item in items:
            match item:
                case LogEvents(events):
                    assembler.feed(events)
                    if assembler.ready >= batch_rows:
                        yield assembler.take()
                case Rejects(rejects):
                    for reject in rejects:
                        assembler.reject(reject)
                case Covered():
                    if not assembler.empty:
                        yield assembler.take(final=True)
                    yield item
                case _:
                    yield item
    except GeneratorExit:  # nobody takes anything any more
        raise
    except BaseException:
        yield assembler.take(final=True)
        raise
    yield assembler.take(final=True)
