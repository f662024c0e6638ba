"""Billing exports on disk: JSON answers of Cost Explorer, its console's CSV, CSV and Parquet of FOCUS and CUR.

Also as a spreadsheet saves them (semicolons, tabs, UTF-16, decimal commas), gzipped or in a zip.
"""

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from collectors.model.errors import LambdatuiError
from collectors.untrusted import parsed_json
from lambdatui.text.plain import plain
from pricing.actuals import Export, NotAnExport, together
from pricing.export_console import export_of_console, is_console
from pricing.export_explorer import export_of_answers
from pricing.export_rows import CUT, export_of_rows

_GZIP, _PARQUET, _ZIP = b"\x1f\x8b", b"PAR1", b"PK\x03\x04"
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_PARTS = (".csv", ".gz", ".parquet", ".json", ".tsv", ".zip")


def export_in(paths: Sequence[Path]) -> Export:
    """What stands in files, or in all files of folders: exports come in parts. Raises ``LambdatuiError``."""
    return together([one for path in paths for one in _exports(path)])


def _exports(path: Path) -> list[Export]:
    if path.is_dir():
        parts = sorted(part for part in path.rglob("*") if part.suffix.lower() in _PARTS and part.is_file())
        if not parts:
            raise LambdatuiError(f"{path}: no {', '.join(_PARTS)} in this folder")
        return [one for part in parts for one in _exports(part) if not _is_manifest(part, one)]
    try:
        return [_export(path)]
    except OSError as error:
        raise LambdatuiError(f"{path}: {error.strerror or error}") from error
    except (NotAnExport, csv.Error) as error:
        raise LambdatuiError(plain(f"{path}: {error}")) from error
    except UnicodeError as error:
        raise LambdatuiError(f"{path}: neither text nor Parquet; export it as CSV, JSON or Parquet") from error


def _is_manifest(part: Path, one: Export) -> bool:
    return not one.charges and not one.others and "manifest" in part.name.lower()


def _export(path: Path) -> Export:
    with path.open("rb") as file:
        head = file.read(4)
    if head == _PARQUET:
        return export_of_rows(_parquet_rows(path))
    raw = path.read_bytes()
    if head == _ZIP:
        raw = _unzipped(raw)
    elif head[:2] == _GZIP:
        try:
            raw = gzip.decompress(raw)
        except (EOFError, zlib.error, OSError) as error:
            raise NotAnExport(f"the gzip stream is damaged: {error}") from error
    text = _decoded(raw)
    if "manifest" in path.name.lower() and '"reportKeys"' in text:
        return Export((), "a manifest")
    if text.lstrip()[:1] in ("{", "["):
        try:
            return export_of_answers(_answers(text))
        except (KeyError, TypeError, AttributeError) as error:
            raise NotAnExport(f"the answer of GetCostAndUsage is incomplete: {error!r}") from error
    return _of_table(text)


def _unzipped(raw: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith((".csv", ".json", ".tsv"))]
            if any(name.startswith("xl/") for name in archive.namelist()):
                raise NotAnExport("an Excel workbook: save the sheet as CSV")
            if len(names) != 1:
                raise NotAnExport(f"a zip with {len(names)} CSV or JSON files: unpack it and give the folder")
            return archive.read(names[0])
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise NotAnExport(f"the zip is damaged: {error}") from error


def _decoded(raw: bytes) -> str:
    """Text of UTF-8, of UTF-16 with or without a mark, of what spreadsheets call ANSI. Raises ``UnicodeError``."""
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            text = raw.decode(encoding)
            break
    else:
        start = raw[:200]
        if b"\0" in start:
            text = raw.decode("utf-16-le" if start[1:2] == b"\0" else "utf-16-be")
        else:
            try:
                text = raw.decode("utf-8")
            except UnicodeDecodeError:
                text = raw.decode("cp1252")
    if text.strip() and not re.search(r"[A-Za-z{\[]", text[:2000]):
        raise UnicodeError("no letter in it")
    return text


def _answers(text: str) -> list[Mapping[str, Any]]:
    try:
        document = parsed_json(text)
    except ValueError as error:
        raise NotAnExport(f"not JSON: {error}") from error
    answers = document if isinstance(document, list) else [document]  # pages of one question may stand in a list
    if not all(isinstance(answer, Mapping) for answer in answers):
        raise NotAnExport("the JSON holds no answer of GetCostAndUsage")
    return answers


def _of_table(text: str) -> Export:
    lines = text.splitlines()
    start = next((number for number, line in enumerate(lines) if line.strip()), None)
    if start is None:
        raise NotAnExport("the file is empty")
    if lines[start].lower().startswith("sep="):  # what Excel reads as the separator
        start += 1
    body = "\n".join(lines[start:]) if start else text
    mark = _separator(lines[start] if start < len(lines) else "")
    table = [row for row in csv.reader(io.StringIO(body, newline=""), delimiter=mark) if any(row)]
    if not table:
        raise NotAnExport("the file is empty")
    if is_console(table):
        return export_of_console(table, comma_likely=mark != ",")
    return export_of_rows(_rows(table), comma_likely=mark != ",")


def _separator(header: str) -> str:
    bare = re.sub(r'"[^"]*"', "", header)
    return max(",;\t|", key=bare.count)


def _rows(table: Sequence[list[str]]) -> Iterator[Mapping[str, Any]]:
    head = [name.strip() for name in table[0]]
    if len(table) == 1:
        export_of_rows([dict.fromkeys(head, "")])  # a header alone is looked at as well
        return
    for number, row in enumerate(table[1:], 2):
        while len(row) > len(head) and not row[-1]:
            row.pop()  # what a spreadsheet leaves behind
        cells: dict[str, Any] = dict(zip(head, row, strict=False))
        if len(row) != len(head):
            cells = dict.fromkeys(head, "") | cells | {CUT: number}
        yield cells


def _parquet_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        from pyarrow import ArrowException  # type: ignore[import-untyped, unused-ignore]
        from pyarrow.parquet import ParquetFile  # type: ignore[import-untyped, unused-ignore]
    except ImportError as error:
        raise LambdatuiError(
            f"{path}: reading Parquet needs pyarrow: pip install 'lambdatui[parquet]', or export CSV"
        ) from error
    try:
        for batch in ParquetFile(path).iter_batches():
            yield from batch.to_pylist()
    except ArrowException as error:
        raise NotAnExport(f"the Parquet file cannot be read: {error}") from error
