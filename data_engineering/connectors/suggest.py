"""A first mapping for an unknown export, with DECIDE where only a person can know."""

from __future__ import annotations

import codecs
import csv
import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import polars as pl

from core.errors import CorruptData, InvalidInput
from core.metrics import Metric, metric_catalogue
from core.units import conversion
from data_engineering.connectors.mapping import UNDECIDED

_SAMPLE_ROWS = 20_000
_SAMPLE_BYTES = 2_000_000
_TIME = re.compile(r"time|date|^ts$|zeit|datum|stamp", re.IGNORECASE)
_MACHINE = re.compile(
    r"^(?!.*(fail|state|status|type|model|error|alarm|fault)).*(machine|equip|asset|device|unit_?id|maschine|anlage|station)",
    re.IGNORECASE,
)
_TAG = re.compile(r"^(metric|tag|sensor|signal|variable|parameter|name|item)(_?(name|id))?$", re.IGNORECASE)
_VALUE = re.compile(r"^(value|val|reading|measurement|wert)$", re.IGNORECASE)
_UNIT = re.compile(r"^(units?|uom|einheit|engineering_?units?)$", re.IGNORECASE)
_BRACKETS = re.compile(r"[\[(]\s*([^\])]+?)\s*[\])]\s*$")
_OFFSET = re.compile(r"(Z|[+-]\d{2}:?\d{2})$")
_NUMBER = re.compile(r"^[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$")
_SPELLING = {"°C": "degC", "°F": "degF", "Nm": "N*m", "%": "percent", "m3/h": "m^3/h", "m³/h": "m^3/h", "1/min": "rpm"}
_SEPARATORS = ",;\t|"


@dataclass(frozen=True)
class _Sample:
    """The first rows of a file as text."""

    format: str
    columns: dict[str, list[str]]
    separator: str = ","
    encoding: str = "utf-8"
    has_zone: frozenset[str] = frozenset()
    """Columns whose type carries a time zone."""

    def find(self, pattern: re.Pattern[str]) -> str | None:
        return next((name for name in self.columns if pattern.search(name)), None)

    def is_number(self, name: str) -> bool:
        values = [value for value in self.columns[name] if value]
        return bool(values) and all(_NUMBER.match(value) for value in values)

    @property
    def decimal(self) -> str:
        return (
            "," if any("," in v for name in self.columns if self.is_number(name) for v in self.columns[name]) else "."
        )


def suggest_mapping(file: Path) -> str:
    """A mapping file as YAML text. It does not load before every DECIDE is replaced.

    Raises:
        InvalidInput: no such file, an empty one, or one without columns.
        CorruptData: neither CSV nor Parquet.
    """
    if not file.is_file() or file.stat().st_size == 0:
        raise InvalidInput(f"{file}: no such file, or an empty one.", field="file")
    sample = _parquet_sample(file) if _begins_with(file, b"PAR1") else _csv_sample(file)
    if len(sample.columns) < 2:
        raise InvalidInput(f"{file}: fewer than two columns; nothing to map.", field="file")
    return "\n".join([*_head(file, sample), *_target(sample), *_unused(sample)]) + "\n"


def _head(file: Path, sample: _Sample) -> list[str]:
    stem = file.name.removesuffix(".gz").rsplit(".", 1)[0]
    name = re.sub(r"[^a-z0-9_]+", "_", stem.lower()).strip("_")
    lines = [
        f"# Proposed from the first {_SAMPLE_ROWS} rows of {file.name}. Replace every {UNDECIDED}; check the rest.",
        f"name: {name if name[:1].isalpha() else f'export_{name}'}",
        f"description: {_quoted(f'Export {file.name}')}",
        "",
        "files:",
        f"  - match: {_quoted(file.name.removesuffix('.gz'))}",
        f"    format: {sample.format}",
    ]
    if sample.format == "csv":
        options = (
            f"separator: {_quoted(sample.separator)}, decimal: {_quoted(sample.decimal)}, encoding: {sample.encoding}"
        )
        lines.append(f"    csv: {{{options}}}")
    return lines


def _target(sample: _Sample) -> list[str]:
    machine, time = sample.find(_MACHINE), sample.find(_TIME)
    fields = [
        "        fields:",
        f"          equipment_id: {_quoted(machine)}" if machine else _constant_machine(),
        f"          source_ts: {_time(sample, time)}",
    ]
    tag, value = sample.find(_TAG), sample.find(_VALUE)
    values = _long(sample, tag, value) if tag and value else _wide(sample, {machine, time})
    if values:
        return ["    targets:", "      - table: readings", *fields, *values]
    return ["    targets:", "      - table: events", *fields, *_event(sample, {machine, time})]


def _event(sample: _Sample, taken: set[str | None]) -> list[str]:
    text = [name for name in sample.columns if name not in taken]
    code = [f"          code: {_quoted(text[0])}"] if text else []
    return [f"          kind: {{constant: {UNDECIDED}}}  # state, alarm, error or failure?", *code]


def _constant_machine() -> str:
    return f"          equipment_id: {{constant: {UNDECIDED}}}  # no column looks like a machine: which is it?"


def _time(sample: _Sample, column: str | None) -> str:
    if column is None:
        return f"{{column: {UNDECIDED}, zone: {UNDECIDED}}}  # no column looks like a time: which one, in which zone?"
    if column in sample.has_zone:
        return f"{{column: {_quoted(column)}, zone: stated}}"
    values = [value for value in sample.columns[column] if value]
    if values and all(_OFFSET.search(value) for value in values):
        return f"{{column: {_quoted(column)}, zone: stated}}  # each value carries its offset"
    example = values[0] if values else "no value"
    pattern = _time_format(example)
    if pattern.startswith("epoch"):
        return f"{{column: {_quoted(column)}, zone: UTC, format: {pattern}}}"
    question = f"# {example}: in which zone (UTC, Europe/Berlin)"
    if pattern == UNDECIDED:
        return f"{{column: {_quoted(column)}, zone: {UNDECIDED}, format: {UNDECIDED}}}  {question}, format (%d/%m/%Y)?"
    stated = f", format: {_quoted(pattern)}" if pattern else ""
    return f"{{column: {_quoted(column)}, zone: {UNDECIDED}{stated}}}  {question}?"


def _time_format(example: str) -> str:
    """strftime pattern or epoch unit of a time; '' for ISO 8601, DECIDE where it cannot be told."""
    if re.match(r"\d{4}-\d{2}-\d{2}", example):
        return ""
    if epoch := {10: "epoch_s", 13: "epoch_ms", 16: "epoch_us"}.get(len(example)) if example.isdigit() else None:
        return epoch
    dotted = re.fullmatch(r"\d{1,2}\.\d{1,2}\.\d{4}( \d{2}:\d{2})?(:\d{2})?", example)
    if dotted is None:
        return UNDECIDED
    return "%d.%m.%Y" + (" %H:%M" if dotted[1] else "") + (":%S" if dotted[2] else "")


def _long(sample: _Sample, tag: str, value: str) -> list[str]:
    unit = sample.find(_UNIT)
    lines = ["        series:", f"          name: {_quoted(tag)}", f"          value: {_quoted(value)}"]
    lines += [f"          unit: {_quoted(unit)}"] if unit else []
    lines += [f"          tags:  # those of the first {_SAMPLE_ROWS} rows; readings of other names are refused"]
    for name in sorted({text for text in sample.columns[tag] if text}):
        stated = "" if unit else f", unit: {UNDECIDED}"
        metric = _metric(name)
        lines.append(
            f"            {_quoted(name)}: {{metric: {metric.name if metric else UNDECIDED}{stated}}}{_asked(metric)}"
        )
    return lines


def _wide(sample: _Sample, taken: set[str | None]) -> list[str]:
    lines = []
    for column in sample.columns:
        if column in taken or not sample.is_number(column):
            continue
        metric = _metric(column)
        unit = _unit(column, metric)
        entry = f"column: {_quoted(column)}, metric: {metric.name if metric else UNDECIDED}, unit: {unit or UNDECIDED}"
        lines.append(f"          - {{{entry}}}{_asked(metric, unit or UNDECIDED)}")
    return ["        values:", *lines] if lines else []


def _asked(metric: Metric | None, unit: str = "") -> str:
    questions = [] if metric else ["which metric of the catalogue, or one of your own under `metrics`?"]
    questions += ["in which unit?"] if unit == UNDECIDED else []
    return f"  # {' '.join(questions)}" if questions else ""


def _metric(name: str) -> Metric | None:
    """The catalogue's metric of that name or alias; the longest that the column's name contains."""
    words = " ".join(re.findall(r"[a-z]+", _BRACKETS.sub("", name).lower()))
    found = [
        (len(alias), metric)
        for metric in metric_catalogue().values()
        for alias in (metric.name.replace("_", " "), *metric.aliases)
        if re.search(rf"\b{re.escape(alias)}\b", words)
    ]
    return max(found, key=lambda entry: entry[0])[1] if found else None


def _unit(name: str, metric: Metric | None) -> str | None:
    """The unit in brackets at the end of the column's name, when it converts to the metric's."""
    stated = _BRACKETS.search(name)
    if stated is None or metric is None:
        return None
    unit = _SPELLING.get(stated[1], stated[1])
    try:
        conversion(unit, metric.unit)
    except InvalidInput:
        return None
    return unit


def _unused(sample: _Sample) -> list[str]:
    text = [name for name in sample.columns if not sample.is_number(name)]
    return [f"# Columns that are no numbers: {', '.join(text)}."] if text else []


def _parquet_sample(file: Path) -> _Sample:
    try:
        frame = pl.scan_parquet(file, glob=False).head(_SAMPLE_ROWS).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise CorruptData(f"{file}: not a whole Parquet file.", remedy="Export or copy it again.") from error
    texts = {name: [str(value) if value is not None else "" for value in frame[name]] for name in frame.columns}
    zoned = {name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime) and dtype.time_zone}
    return _Sample("parquet", texts, has_zone=frozenset(zoned))


def _csv_sample(file: Path) -> _Sample:
    raw = _first_bytes(file)
    encoding, text = _decoded(raw)
    lines = text.splitlines()
    header = lines[0] if lines else ""
    separator = max(_SEPARATORS, key=header.count)
    rows = [row for row in islice(csv.reader(lines, delimiter=separator), _SAMPLE_ROWS + 1) if row]
    if not rows:
        raise InvalidInput(f"{file}: no header row.", field="file")
    names = [name.strip() for name in rows[0]]
    columns = {name: _cells(rows[1:], position, len(names)) for position, name in enumerate(names)}
    return _Sample("csv", columns, separator, encoding)


def _cells(rows: Sequence[Sequence[str]], position: int, width: int) -> list[str]:
    return [row[position].strip() for row in rows if len(row) == width]


def _first_bytes(file: Path, size: int = _SAMPLE_BYTES) -> bytes:
    """Up to the last whole line."""
    try:
        with gzip.open(file) if _begins_with(file, b"\x1f\x8b") else file.open("rb") as stream:
            raw: bytes = stream.read(size)
    except (EOFError, gzip.BadGzipFile) as error:
        raise CorruptData(f"{file}: the gzip stream is damaged or cut off.", field="file") from error
    return raw if len(raw) < size else raw[: raw.rfind(b"\n") + 1]


def _decoded(raw: bytes) -> tuple[str, str]:
    try:
        return "utf-8", raw.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252", raw.decode("cp1252", errors="replace")


def _begins_with(file: Path, magic: bytes) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(magic)) == magic


def _quoted(text: str | None) -> str:
    """A YAML scalar in double quotes."""
    escaped = str(text).replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'"{escaped}"'
