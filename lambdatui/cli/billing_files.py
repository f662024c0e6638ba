"""Billing exports on disk: JSON answers of Cost Explorer, CSV and Parquet of FOCUS and CUR, also gzipped."""

import csv
import gzip
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from pricing.actuals import Actual, NotAnExport, actuals_of_cost_explorer, actuals_of_rows

_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"


def actuals_in(path: Path) -> list[Actual]:
    """The Lambda charges of a file, or of all files of a folder: exports come in parts.

    Raises ``click.ClickException``.
    """
    if path.is_dir():
        parts = sorted(part for part in path.rglob("*") if part.suffix in (".csv", ".gz", ".parquet", ".json"))
        if not parts:
            raise click.ClickException(f"{path}: no .csv, .gz, .parquet or .json in this folder")
        return [actual for part in parts for actual in actuals_in(part)]
    try:
        return list(_actuals(path))
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror or error}") from error
    except (NotAnExport, csv.Error) as error:
        raise click.ClickException(f"{path}: {error}") from error
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{path}: neither text nor Parquet; export it as CSV, JSON or Parquet") from error


def _actuals(path: Path) -> Iterator[Actual]:
    with path.open("rb") as file:
        head = file.read(4)
    if head == _PARQUET:
        yield from actuals_of_rows(_parquet_rows(path))
        return
    raw = path.read_bytes()
    try:
        text = (gzip.decompress(raw) if head[:2] == _GZIP else raw).decode("utf-8-sig")
    except (EOFError, gzip.BadGzipFile) as error:
        raise NotAnExport(f"the gzip stream is damaged: {error}") from error
    if text.lstrip()[:1] in ("{", "["):
        yield from _of_json(text)
    else:
        yield from actuals_of_rows(_csv_rows(text))


def _of_json(text: str) -> Iterator[Actual]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise NotAnExport(f"not JSON: {error}") from error
    answers = document if isinstance(document, list) else [document]
    for answer in answers:  # pages of one question may stand in a list
        if not isinstance(answer, Mapping):
            raise NotAnExport("the JSON holds no answer of GetCostAndUsage")
        try:
            yield from actuals_of_cost_explorer(answer)
        except (KeyError, TypeError, AttributeError) as error:
            raise NotAnExport(f"the answer of GetCostAndUsage is incomplete: {error!r}") from error


def _csv_rows(text: str) -> Iterable[Mapping[str, Any]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if not reader.fieldnames:
        raise NotAnExport("the file is empty")
    return reader


def _parquet_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        from pyarrow import ArrowException  # type: ignore[import-untyped, unused-ignore]
        from pyarrow.parquet import ParquetFile  # type: ignore[import-untyped, unused-ignore]
    except ImportError as error:
        raise click.ClickException(
            f"{path}: reading Parquet needs pyarrow: pip install 'lambdatui[parquet]', or export CSV"
        ) from error
    try:
        for batch in ParquetFile(path).iter_batches():
            yield from batch.to_pylist()
    except ArrowException as error:
        raise NotAnExport(f"the Parquet file cannot be read: {error}") from error
