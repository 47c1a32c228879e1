"""Exported files into the lake: checked first, then by batches, each batch accepted once."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from core.clock import Clock
from core.errors import Busy, CopilotError, InvalidInput
from core.metrics import MetricCatalogue
from core.progress import Progress, silent
from core.workspace import Workspace
from data_engineering.connectors.fields import Columns
from data_engineering.connectors.mapping import CsvOptions, FileSpec, Mapping, load_mapping
from data_engineering.connectors.models import FileSummary, ImportSummary
from data_engineering.connectors.own_metrics import catalogue_with, keep
from data_engineering.connectors.rejects import RejectFile
from data_engineering.connectors.sources import ROW, Batch, CsvSource, Source, check_columns, open_source
from data_engineering.connectors.targets import SLOT, Transformer, check_units
from data_engineering.contracts.tables import BronzeTable
from data_engineering.lake.local import storage_errors
from data_engineering.lake.models import Source as Sender
from data_engineering.lake.ports import Lake


@dataclass(frozen=True)
class _Checked:
    """A file that its mapping can read: what may go wrong with it as a whole has been tried."""

    file: Path
    spec: FileSpec
    source: Source
    columns: Columns


def import_files(
    files: Sequence[Path],
    mapping: str | Path,
    *,
    lake: Lake,
    workspace: Workspace,
    clock: Clock,
    progress: Progress = silent,
) -> ImportSummary:
    """Rows of `files` in the bronze tables of the lake, by a shipped mapping (its name) or a mapping file (its path).

    Every file is checked whole before anything is written. Files are imported in the order of the mapping's entries.
    An interrupted import goes on where it stopped when it is run again; a finished one changes nothing.

    Raises:
        InvalidInput: the mapping is wrong, or a file misses what the mapping names.
        CorruptData: a file is cut off, damaged, or in another encoding.
        StorageFull: the disk is full; run again after freeing space.
        Busy: another process imports the same file now.
    """
    loaded = load_mapping(mapping)
    catalogue = catalogue_with(loaded.metrics, workspace, loaded.name)
    checked = [_check(file, spec, loaded, catalogue) for file, spec in _in_order(files, loaded)]
    with storage_errors(workspace.home):
        keep(loaded.metrics, workspace, loaded.name)
        summaries = [_Import(one, loaded, catalogue, lake, workspace, clock, progress).run() for one in checked]
    return ImportSummary(mapping=loaded.name, files=tuple(summaries))


class _Import:
    """One file on its way into the lake."""

    def __init__(
        self,
        checked: _Checked,
        mapping: Mapping,
        catalogue: MetricCatalogue,
        lake: Lake,
        workspace: Workspace,
        clock: Clock,
        progress: Progress,
    ) -> None:
        known = _known_equipment(lake) if checked.spec.known_equipment else None
        self._checked, self._lake, self._workspace = checked, lake, workspace
        self._clock, self._progress = clock, progress
        self._transformer = Transformer(checked.spec, checked.columns, catalogue, known)
        self._width = self._transformer.layout.width
        self._sender = Sender(device_id=f"import:{mapping.name}", epoch=_epoch(checked, mapping, known))
        rejects = workspace.rejects / f"{checked.file.name}-{self._sender.epoch}.csv"
        self._rejects = RejectFile(rejects, checked.source.first_row_number)

    def run(self) -> FileSummary:
        rows = self._checked.source.rows
        with _alone(self._workspace, self._sender.epoch, self._checked.file):
            marks = {table: self._lake.high_water(table, self._sender) for table in self._width}
            start = min((mark + 1) // self._width[table] for table, mark in marks.items())
            accepted = dict.fromkeys(self._width, 0)
            if start < rows:
                self._rejects.keep_before(start)
                self._import_from(start, marks, accepted)
        return FileSummary(
            file=self._checked.file,
            epoch=self._sender.epoch,
            rows=rows,
            accepted={str(table): count for table, count in accepted.items()},
            refused=self._rejects.by_reason(),
            rejects=self._rejects.path if self._rejects.path.exists() else None,
            was_known=start >= rows > 0,
        )

    def _import_from(self, start: int, marks: dict[BronzeTable, int], accepted: dict[BronzeTable, int]) -> None:
        rows = self._checked.source.rows
        self._progress(self._checked.file.name, start, rows)
        for batch in self._checked.source.batches(start):
            tables, refused = self._transformer.rows(batch, self._sender, self._clock.now())
            self._rejects.add(refused.iter_rows())
            for table, frame in tables.items():
                accepted[table] += self._append(table, frame, batch, marks)
            self._progress(self._checked.file.name, batch.end, rows)

    def _append(self, table: BronzeTable, frame: pl.DataFrame, batch: Batch, marks: dict[BronzeTable, int]) -> int:
        """Rows accepted. A batch without rows only moves the range of the next part, except at the end of the file."""
        last = batch.end * self._width[table] - 1
        new = frame.filter(pl.col(SLOT) > marks[table]).drop(SLOT)
        if last <= marks[table] or (new.is_empty() and batch.end < self._checked.source.rows):
            return 0
        part = self._lake.append(table, new, source=self._sender, first_seq=marks[table] + 1, last_seq=last)
        marks[table] = last
        return 0 if part is None else part.rows


def _in_order(files: Sequence[Path], mapping: Mapping) -> list[tuple[Path, FileSpec]]:
    """Files beside their entry, in the order of the mapping's entries: machines before what is said of them."""
    if not files:
        raise InvalidInput("file: no file was given.", remedy="Name the files to import.", field="file")
    found = [(*mapping.spec_for(file), file) for file in dict.fromkeys(files)]
    return [(file, spec) for _, spec, file in sorted(found, key=lambda entry: entry[0])]


def _check(file: Path, spec: FileSpec, mapping: Mapping, catalogue: MetricCatalogue) -> _Checked:
    try:
        check_units(spec, catalogue)
    except CopilotError as error:
        message = f"mapping '{mapping.name}', files matching {spec.match}: {error.message}"
        raise type(error)(message, remedy=error.remedy, field=error.field) from error
    source = open_source(file, spec)
    columns = Columns(source.schema, spec.csv, _Lookup(file.parent, spec.csv).keys)
    _rehearse(file, Transformer(spec, columns, catalogue, None), source)
    return _Checked(file, spec, source, columns)


def _rehearse(file: Path, transformer: Transformer, source: Source) -> None:
    """Transforms no rows: a column of a type that its field cannot have shows itself."""
    no_rows = pl.DataFrame(schema={**source.schema, ROW: pl.Int64()})
    try:
        transformer.rows(Batch(0, 0, no_rows), Sender(device_id="", epoch=""), datetime.min.replace(tzinfo=UTC))
    except CopilotError as error:
        raise InvalidInput(f"{file}: {error.message}", remedy=error.remedy, field=error.field) from error
    except pl.exceptions.PolarsError as error:
        raise InvalidInput(
            f"{file}: a column has a type that its field cannot take ({error}).", field="file"
        ) from error


class _Lookup:
    """Keys of other CSV files in the same folder."""

    def __init__(self, folder: Path, options: CsvOptions) -> None:
        self._folder, self._options = folder, options
        self._found: dict[tuple[str, tuple[str, ...]], list[str]] = {}

    def keys(self, name: str, columns: tuple[str, ...]) -> list[str]:
        """The distinct values of `columns`, joined by the unit separator.

        Raises:
            InvalidInput: no such file beside the imported one, or a column is missing there.
        """
        if (name, columns) not in self._found:
            self._found[name, columns] = self._read(self._folder / name, columns)
        return self._found[name, columns]

    def _read(self, file: Path, columns: tuple[str, ...]) -> list[str]:
        if not file.is_file():
            raise InvalidInput(f"{file}: no such file; the mapping looks rows up in it.", field="matched")
        source = CsvSource(file, self._options)
        check_columns(file, source.columns, set(columns))
        key = pl.concat_str([pl.col(column).str.strip_chars() for column in columns], separator="\x1f")
        keys = [batch.frame.select(key.alias("key")).unique() for batch in source.batches(0)]
        return sorted({value for frame in keys for value in frame.get_column("key")})


def _known_equipment(lake: Lake) -> frozenset[str]:
    paths = [part.path for part in lake.parts(BronzeTable.EQUIPMENT)]
    if not paths:
        raise InvalidInput(
            "equipment: the mapping asks for known machines, and the lake has none yet.",
            remedy="Import the file of the machines first, or together with this one.",
            field="equipment_id",
        )
    frame = pl.scan_parquet(paths, hive_partitioning=False).select("equipment_id").unique().collect()
    return frozenset(frame.get_column("equipment_id").to_list())


def _epoch(checked: _Checked, mapping: Mapping, known: frozenset[str] | None) -> str:
    """What an import depends on: the file, its entry, the mapping's metrics, files looked up, known machines."""
    digest = hashlib.sha256()
    with checked.file.open("rb") as file:
        digest.update(hashlib.file_digest(file, "sha256").digest())
    digest.update(checked.spec.model_dump_json(exclude_defaults=True).encode())
    for metric in mapping.metrics:
        digest.update(metric.model_dump_json().encode())
    for target in checked.spec.targets:
        for matched in (field.matched for field in target.fields.values() if field.matched):
            keys = checked.columns.lookup(matched.file, tuple(matched.columns.values()))
            digest.update("\x1e".join(keys).encode())
    digest.update("\x1e".join(sorted(known or ())).encode())
    return digest.hexdigest()[:16]


@contextmanager
def _alone(workspace: Workspace, epoch: str, file: Path) -> Iterator[None]:
    """One process at a time imports a file."""
    workspace.state.mkdir(parents=True, exist_ok=True)
    with (workspace.state / f"import-{epoch}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(
                f"{file}: another process is importing this file.", remedy="Wait until it has finished."
            ) from error
        yield
