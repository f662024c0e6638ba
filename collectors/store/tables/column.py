"""What a table and a column are: the terms in which the modules of this room declare tables.

The first frame imports declarations, so nothing is imported here.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

INTEGER, REAL, TEXT, BLOB = "INTEGER", "REAL", "TEXT", "BLOB"

# How the values of several rows become one value; the rows are invocations of a minute, or finer cells.
SUM = "sum"
"""The sum. In a column that may be null, the sum of the known values, null where none is known."""
MAX = "max"
"""The largest known value."""
LAST = "last"
"""The value of the newest row that knows one."""
HISTOGRAM = "histogram"
"""Counts by bucket (``collectors.store.rollups.histogram``), summed."""
CHECKSUM = "checksum"
"""A checksum of the row (``collectors.store.integrity``): it is computed anew."""


class StoredColumn:
    """One column of a table.

    ``type`` is SQLite's type, ``null`` whether it may be null, ``default`` the SQL of its default. ``fold`` is how
    several rows' values become one, "" where rows are never summed; ``of`` is the column of invocations that it sums,
    "" where it counts something (``collectors.store.rollups.measures``). ``read_from`` is the field of the record that
    is written here, where its name differs. ``checksum`` is the SQL of what the table's checksum covers, with ``{}``
    for the value; "" where the column is not covered.
    """

    __slots__ = ("checksum", "default", "fold", "name", "null", "of", "read_from", "type")

    def __init__(
        self,
        name: str,
        type: str,
        *,
        null: bool = False,
        default: str | None = None,
        fold: str = "",
        of: str = "",
        read_from: str = "",
        checksum: str = "{}",
    ) -> None:
        self.name = name
        self.type = type
        self.null = null
        self.default = default
        self.fold = fold
        self.of = of
        self.read_from = read_from or name
        self.checksum = checksum

    @property
    def sql(self) -> str:
        """The column's definition in CREATE TABLE and ALTER TABLE."""
        default = "" if self.default is None else f" DEFAULT {self.default}"
        return f"{self.name} {self.type}{'' if self.null else ' NOT NULL'}{default}"


def integer(name: str, *, null: bool = False, default: str | None = None, read_from: str = "") -> StoredColumn:
    """A column of integers that is not summed."""
    return StoredColumn(name, INTEGER, null=null, default=default, read_from=read_from)


def real(name: str, *, null: bool = False) -> StoredColumn:
    """A column of floats that is not summed."""
    return StoredColumn(name, REAL, null=null)


def text(name: str, *, null: bool = False, default: str | None = None, read_from: str = "") -> StoredColumn:
    """A column of text."""
    return StoredColumn(name, TEXT, null=null, default=default, read_from=read_from)


def blob(name: str, *, null: bool = False, checksum: str = "{}") -> StoredColumn:
    """A column of bytes; ``checksum`` as ``StoredColumn`` has it."""
    return StoredColumn(name, BLOB, null=null, checksum=checksum)


class StoredTable:
    """One table: its columns in the file's order, and its primary key.

    ``rowid``: the key is an integer that SQLite assigns; other tables are clustered on their key.
    """

    __slots__ = ("columns", "key", "name", "rowid")

    def __init__(self, name: str, *columns: StoredColumn, key: "Iterable[str]", rowid: bool = False) -> None:
        self.name = name
        self.columns = columns
        self.key = tuple(key)
        self.rowid = rowid

    def __iter__(self) -> "Iterator[StoredColumn]":
        return iter(self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in the order of the file."""
        return tuple(column.name for column in self.columns)

    def named(self, name: str, *more: StoredColumn, without: "Iterable[str]" = ()) -> "StoredTable":
        """A table called ``name`` with the same columns except those in ``without``, and ``more`` after them."""
        kept = [column for column in self.columns if column.name not in without]
        return StoredTable(name, *kept, *more, key=self.key, rowid=self.rowid)

    def create(self) -> str:
        """The SQL that creates the table."""
        columns = "".join(f"    {column.sql},\n" for column in self.columns)
        end = ");" if self.rowid else ") WITHOUT ROWID;"
        return f"CREATE TABLE {self.name} (\n{columns}    PRIMARY KEY ({', '.join(self.key)})\n{end}"

    def column_list(self, of: str = "") -> str:
        """All columns, comma-separated, each after ``of``, such as ``c.``."""
        return ", ".join(f"{of}{column.name}" for column in self.columns)

    def columns_of(self, fields: "Iterable[str]", of: str = "") -> str:
        """The columns to which these fields of a record are written, comma-separated, in the fields' order."""
        names = {column.read_from: column.name for column in self.columns}
        return ", ".join(f"{of}{names[field]}" for field in fields)

    def insert(self, *names: str, instead: str = "") -> str:
        """The SQL that inserts one row of these columns, or of all; ``instead`` is such as ``OR REPLACE``."""
        return insert(self.name, names or self.names, instead=instead)


def insert(table: str, names: "Iterable[str]", *, instead: str = "") -> str:
    """The SQL that inserts one row of the named columns into a table; ``instead`` is such as ``OR REPLACE``."""
    columns = tuple(names)
    verb = f"INSERT {instead}".rstrip()
    return f"{verb} INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
