"""All tables of a store of this version, by name. Those that the first frame needs are in ``cells``."""

from collectors.store.tables import account, cells, durable, emf, invocations, ledger, lines, metrics, names, packs
from collectors.store.tables.column import StoredTable

_ROOMS = (account, cells, durable, emf, invocations, ledger, lines, metrics, names, packs)
TABLES: dict[str, StoredTable] = {
    table.name: table
    for room in _ROOMS
    for table in vars(room).values()
    if isinstance(table, StoredTable) and table.name
}
