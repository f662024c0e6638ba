"""What a source gives, with its log events made into batches of invocations: the reading half of every collection."""

from collections.abc import Iterator

from collectors.columnar.assembler import ColumnarAssembler
from collectors.model.account import Covered
from collectors.model.invocation_columns import Batch
from collectors.sources.base import Item, LogEvents, Rejects, StoredItem, ToldItem


def assembled(
    items: Iterator[Item], assembler: ColumnarAssembler, batch_rows: int
) -> Iterator[Batch | StoredItem | ToldItem]:
    """The items in their order, but for log events and rejects, which come as batches of ``batch_rows`` and more.

    What was read before a mark of what is covered comes before it, invocations that are not over too, as fragments:
    they must be committed before the mark is. So does what was read before the source ended, or failed.
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
