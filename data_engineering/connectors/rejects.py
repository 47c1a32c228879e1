"""The reject file of one import: row, field, value, reason. Synced before the rows beside them are accepted."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from data_engineering.lake.manifest import sync_folder

_HEADER = ("row", "field", "value", "reason")
Line = Sequence[str]


class RejectFile:
    """Row numbers are those a person sees: the header of a CSV file is row 1."""

    def __init__(self, path: Path, first_row_number: int) -> None:
        self.path = path
        self._first = first_row_number

    def keep_before(self, row: int) -> None:
        """Drops what concerns the 0-based `row` and later: an interrupted run wrote it, and it is read again now."""
        if not self.path.exists():
            return
        kept = [line for line in self._lines() if int(line[0]) < row + self._first]
        temporary = self.path.with_suffix(".tmp")
        _write(temporary, [_HEADER, *kept], "w")
        temporary.replace(self.path)
        sync_folder(self.path.parent)

    def add(self, refused: Iterable[tuple[int, str, str | None, str]]) -> None:
        """Appends (0-based row, field, value, reason) and syncs."""
        lines = [(str(row + self._first), field, value or "", reason) for row, field, value, reason in refused]
        if not lines:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not self.path.exists()
        _write(self.path, [_HEADER, *lines] if is_new else lines, "a")
        if is_new:
            sync_folder(self.path.parent)

    def by_reason(self) -> dict[str, int]:
        """Refused values by reason, most frequent first."""
        counts = Counter(line[3] for line in self._lines()) if self.path.exists() else Counter()
        return dict(counts.most_common())

    def _lines(self) -> Iterator[list[str]]:
        """Whole lines; the torn one at the end of an interrupted run is left out."""
        with self.path.open(encoding="utf-8", newline="") as file:
            for line in csv.reader(file):
                if len(line) == len(_HEADER) and line[0].isdigit():
                    yield line


def _write(path: Path, lines: Iterable[Line], mode: str) -> None:
    with path.open(mode, encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)
        file.flush()
        os.fsync(file.fileno())
