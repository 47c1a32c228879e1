"""CSV and Parquet exports as batches of numbered rows, checked whole before the first batch is handed out."""

from __future__ import annotations

import codecs
import csv
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, Protocol

import polars as pl

from core.errors import CorruptData, InvalidInput
from data_engineering.connectors.mapping import CsvOptions, FileSpec

ROW = "_row"
"""Column of the 0-based number of the data row."""
BATCH_ROWS = 65_536


@dataclass(frozen=True)
class Refused:
    """One thing refused. `row` is 0-based, of the data rows."""

    row: int
    field: str
    value: str
    reason: str


@dataclass(frozen=True)
class Batch:
    """Rows [start, end) of the source; `frame` has those that could be split into columns, numbered in ROW."""

    start: int
    end: int
    frame: pl.DataFrame
    refused: list[Refused] = field(default_factory=list)


class Source(Protocol):
    columns: tuple[str, ...]
    schema: dict[str, pl.DataType]
    """Types of the columns that `batches` gives."""
    rows: int
    first_row_number: int
    """What a person calls row 0: 2 below a header, 1 without."""

    def batches(self, start: int) -> Iterator[Batch]:
        """Rows from `start` on, at most BATCH_ROWS at a time."""


def open_source(file: Path, spec: FileSpec) -> Source:
    """The file, read through once.

    Raises:
        InvalidInput: no such file, an empty one, a column the mapping names is missing or there twice.
        CorruptData: truncated, damaged, or not in the encoding or format the mapping states.
    """
    if not file.is_file():
        raise InvalidInput(f"{file}: no such file.", field="file")
    if file.stat().st_size == 0:
        raise InvalidInput(f"{file}: the file is empty.", remedy="Export it again.", field="file")
    source: Source = CsvSource(file, spec.csv) if spec.format == "csv" else ParquetSource(file, spec.columns())
    check_columns(file, source.columns, spec.columns())
    return source


class CsvSource:
    """Rows are split by the standard library's reader: it alone tells a short row and a quoted newline apart."""

    def __init__(self, file: Path, options: CsvOptions) -> None:
        self._file, self._options = file, options
        try:
            codecs.lookup(options.encoding)
        except LookupError as error:
            raise InvalidInput(f"{file}: there is no encoding '{options.encoding}'.", field="encoding") from error
        with self._reader() as reader:
            self.columns = tuple(name.strip() for name in next(reader, []))
            self.rows = sum(1 for _ in reader)
        if not any(self.columns):
            raise InvalidInput(f"{file}: there is no header row.", remedy="Check `skip_rows`.", field="file")
        self.schema: dict[str, pl.DataType] = dict.fromkeys(self.columns, pl.String())
        self.first_row_number = options.skip_rows + 2

    def batches(self, start: int) -> Iterator[Batch]:
        with self._reader() as reader:
            rows = islice(reader, start + 1, None)
            while chunk := list(islice(rows, BATCH_ROWS)):
                yield self._batch(start, chunk)
                start += len(chunk)

    def _batch(self, start: int, chunk: list[list[str]]) -> Batch:
        width, header = len(self.columns), list(self.columns)
        kept, refused = range(start, start + len(chunk)), []
        if any(len(row) != width for row in chunk) or header in chunk:
            refused = [problem for n, row in enumerate(chunk, start) if (problem := self._problem(n, row)) is not None]
            wrong = {problem.row for problem in refused}
            numbers = [n for n, row in enumerate(chunk, start) if n not in wrong and row]
            chunk = [chunk[n - start] for n in numbers]
            return Batch(start, kept.stop, self._frame(chunk, numbers), refused)
        return Batch(start, kept.stop, self._frame(chunk, kept), refused)

    def _problem(self, number: int, row: list[str]) -> Refused | None:
        if row and len(row) != len(self.columns):
            text = self._options.separator.join(row)
            return Refused(number, "", text, f"{len(row)} columns where the header has {len(self.columns)}")
        if [cell.strip() for cell in row] == list(self.columns):
            return Refused(number, "", self._options.separator.join(row), "the header again")
        return None

    def _frame(self, rows: list[list[str]], numbers: range | list[int]) -> pl.DataFrame:
        cells = zip(*rows, strict=True) if rows else ([] for _ in self.columns)
        named = dict(zip(self.columns, cells, strict=True))
        series = [pl.Series(name, values, dtype=pl.String) for name, values in named.items()]
        return pl.DataFrame([*series, pl.Series(ROW, numbers, dtype=pl.Int64)])

    @contextmanager
    def _reader(self) -> Iterator[Iterator[list[str]]]:
        """From the header row on."""
        encoding = "utf-8-sig" if codecs.lookup(self._options.encoding).name == "utf-8" else self._options.encoding
        try:
            with _binary(self._file) as binary, TextIOWrapper(binary, encoding=encoding, newline="") as text:
                reader = csv.reader(text, delimiter=self._options.separator, strict=True)
                yield islice(reader, self._options.skip_rows, None)
        except UnicodeDecodeError as error:
            raise CorruptData(
                f"{self._file}: not {self._options.encoding} ({error.reason} at byte {error.start} of a block).",
                remedy="State the file's encoding in the mapping, e.g. `csv: {encoding: cp1252}`.",
                field="encoding",
            ) from error
        except csv.Error as error:
            raise CorruptData(
                f"{self._file}, line {reader.line_num}: {error}.",
                remedy="The file is cut off within quotes or is not CSV; export it again.",
                field="file",
            ) from error
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise CorruptData(
                f"{self._file}: the gzip stream is damaged or cut off ({error}).", field="file"
            ) from error


class ParquetSource:
    """Only the columns that the mapping reads."""

    first_row_number = 1

    def __init__(self, file: Path, wanted: set[str]) -> None:
        self._file = file
        with self._open() as parquet:
            self.columns = tuple(parquet.schema_arrow.names)
            self._wanted = [name for name in self.columns if name in wanted]
            empty = pl.DataFrame(pl.from_arrow(parquet.schema_arrow.empty_table().select(self._wanted)))
            self.schema = dict(empty.schema)
            self.rows = sum(batch.num_rows for batch in parquet.iter_batches(BATCH_ROWS, columns=self._wanted))

    def batches(self, start: int) -> Iterator[Batch]:
        position = 0
        with self._open() as parquet:
            for arrow in parquet.iter_batches(BATCH_ROWS, columns=self._wanted):
                end = position + arrow.num_rows
                if end > start:
                    first = max(position, start)
                    frame = pl.DataFrame(pl.from_arrow(arrow.slice(first - position)))
                    yield Batch(first, end, frame.with_columns(pl.int_range(first, end, dtype=pl.Int64).alias(ROW)))
                position = end

    @contextmanager
    def _open(self):  # type: ignore[no-untyped-def]  # pyarrow ships no types
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with pq.ParquetFile(self._file) as parquet:
                yield parquet
        except (pa.ArrowInvalid, OSError) as error:
            raise CorruptData(
                f"{self._file}: not a whole Parquet file ({str(error).splitlines()[0]}).",
                remedy="It is damaged or cut off; export or copy it again.",
                field="file",
            ) from error


@contextmanager
def _binary(file: Path) -> Iterator[IO[bytes]]:
    with file.open("rb") as raw:
        if raw.read(2) == b"\x1f\x8b":
            raw.seek(0)
            with gzip.open(raw) as unpacked:
                yield unpacked  # type: ignore[misc]  # GzipFile is readable binary, mypy wants IO[bytes]
        else:
            raw.seek(0)
            yield raw


def check_columns(file: Path, columns: tuple[str, ...], wanted: set[str]) -> None:
    """Each wanted column is there, once.

    Raises:
        InvalidInput: naming the file and the column.
    """
    if missing := sorted(wanted - set(columns)):
        raise InvalidInput(
            f"{file}: the mapping names column {', '.join(missing)}, which the file does not have; "
            f"it has {', '.join(columns)}.",
            remedy="Correct the column's name in the mapping, or the separator and `skip_rows` of the file.",
            field=missing[0],
        )
    if twice := sorted(name for name in wanted if columns.count(name) > 1):
        raise InvalidInput(f"{file}: column {', '.join(twice)} is there twice.", field=twice[0])
