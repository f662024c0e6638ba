"""What a table and a column are: the words that every declaration in this room is written in.

The first frame imports declarations, so nothing is imported here.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

INTEGER, REAL, TEXT, BLOB = "INTEGER", "REAL", "TEXT", "BLOB"

# How one value comes of the values of several rows: of invocations in a minute, or of finer cells.
SUM = "sum"
"""Added up. Where the column may be null: what is known is added up, and null says that none is."""
MAX = "max"
"""The largest that is known."""
LAST = "last"
"""That of the newest row which knows one."""
HISTOGRAM = "histogram"
"""Counts by bucket (``collectors.store.rollups.histogram``), added up."""
CHECKSUM = "checksum"
"""Of what else is in the row (``collectors.store.integrity``): it is made anew."""


class StoredColumn:
    """One column of a table.

    ``type`` is SQLite's, ``null`` says whether it may be null, ``default`` the SQL of its default. ``fold`` is how
    several rows' values become one, "" where rows are never added up, and ``of`` the invocations' column that it is
    made of, "" where it counts something (``collectors.store.rollups.measures``). ``read_from`` is the field of the
    record that is written here, where it has another name. ``checksum`` is what of its value the table's checksum
    covers, as SQL with ``{}`` for the value: "" where it has a checksum of its own.
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
        """As CREATE TABLE and ALTER TABLE have it."""
        default = "" if self.default is None else f" DEFAULT {self.default}"
        return f"{self.name} {self.type}{'' if self.null else ' NOT NULL'}{default}"


def integer(name: str, *, null: bool = False, default: str | None = None, read_from: str = "") -> StoredColumn:
    """A column of whole numbers that is not added up."""
    return StoredColumn(name, INTEGER, null=null, default=default, read_from=read_from)


def real(name: str, *, null: bool = False) -> StoredColumn:
    """A column of fractions that is not added up."""
    return StoredColumn(name, REAL, null=null)


def text(name: str, *, null: bool = False, default: str | None = None, read_from: str = "") -> StoredColumn:
    """A column of text."""
    return StoredColumn(name, TEXT, null=null, default=default, read_from=read_from)


def blob(name: str, *, null: bool = False, checksum: str = "{}") -> StoredColumn:
    """A column of bytes; ``checksum`` as ``StoredColumn`` has it."""
    return StoredColumn(name, BLOB, null=null, checksum=checksum)


class StoredTable:
    """One table: its columns in the order that they have in the file, and its primary key.

    ``rowid``: the key is a whole number that SQLite gives; other tables are clustered on their key.
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
        """A table of another name with the same columns but some, and ``more`` behind them."""
        kept = [column for column in self.columns if column.name not in without]
        return StoredTable(name, *kept, *more, key=self.key, rowid=self.rowid)

    def create(self) -> str:
        """The SQL that makes the table."""
        columns = "".join(f"    {column.sql},\n" for column in self.columns)
        end = ");" if self.rowid else ") WITHOUT ROWID;"
        return f"CREATE TABLE {self.name} (\n{columns}    PRIMARY KEY ({', '.join(self.key)})\n{end}"

    def column_list(self, of: str = "") -> str:
        """All columns, separated by commas, each with ``of`` (as ``c.``) before it."""
        return ", ".join(f"{of}{column.name}" for column in self.columns)

    def columns_of(self, fields: "Iterable[str]", of: str = "") -> str:
        """The columns that fields of a record are written to, in the order of the fields."""
        names = {column.read_from: column.name for column in self.columns}
        return ", ".join(f"{of}{names[field]}" for field in fields)

    def insert(self, *names: str, instead: str = "") -> str:
        """The SQL that inserts one row of these columns, or of all, in this order; ``instead``: as ``OR REPLACE``."""
        return insert(self.name, names or self.names, instead=instead)


def insert(table: str, names: "Iterable[str]", *, instead: str = "") -> str:
    """The SQL that inserts one row of the named columns into a table."""
    columns = tuple(names)
    verb = f"INSERT {instead}".rstrip()
    return f"{verb} INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
