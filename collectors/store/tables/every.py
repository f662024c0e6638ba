"""Every table of a store by its name, as this version has it. What the first frame needs is in ``cells``."""

from collectors.store.tables import account, cells, durable, emf, invocations, ledger, lines, metrics, names, packs
from collectors.store.tables.column import Table

_ROOMS = (account, cells, durable, emf, invocations, ledger, lines, metrics, names, packs)
TABLES: dict[str, Table] = {
    table.name: table for room in _ROOMS for table in vars(room).values() if isinstance(table, Table) and table.name
}
