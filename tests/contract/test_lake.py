"""What every lake promises (`data_engineering/lake/ports.py`). One suite, every adapter."""

from __future__ import annotations

import hashlib

import polars as pl
import pytest

from core.clock import FixedClock
from core.errors import CorruptData, InvalidInput
from core.workspace import Workspace
from data_engineering.contracts.tables import BronzeTable
from data_engineering.lake.local import LocalLake
from data_engineering.lake.models import Source
from data_engineering.lake.ports import Lake
from tests.doubles.bronze import START, reading_rows

READINGS = BronzeTable.READINGS
GATEWAY = Source(device_id="gateway-1", epoch="2026-01-01")


@pytest.fixture(params=[LocalLake], ids=lambda adapter: adapter.__name__)
def lake(request: pytest.FixtureRequest, workspace: Workspace, clock: FixedClock) -> Lake:
    built: Lake = request.param(workspace, clock)
    return built


def append(lake: Lake, first: int, last: int, source: Source = GATEWAY) -> bool:
    """Whether the range was new."""
    return (
        lake.append(READINGS, reading_rows(source, first, last), source=source, first_seq=first, last_seq=last)
        is not None
    )


def visible(lake: Lake) -> list[int]:
    paths = [part.path for part in lake.parts(READINGS)]
    return pl.read_parquet(paths, hive_partitioning=False)["seq"].to_list() if paths else []


def test_what_was_appended_is_read_back_unchanged(lake: Lake) -> None:
    rows = reading_rows(GATEWAY, 0, 9)
    part = lake.append(READINGS, rows, source=GATEWAY, first_seq=0, last_seq=9)
    assert part is not None
    assert pl.read_parquet(part.path, hive_partitioning=False).equals(rows)


def test_a_part_says_what_it_holds(lake: Lake, clock: FixedClock) -> None:
    part = lake.append(READINGS, reading_rows(GATEWAY, 5, 9), source=GATEWAY, first_seq=3, last_seq=9)
    assert part is not None
    assert (part.first_seq, part.last_seq, part.rows, part.source) == (3, 9, 5, GATEWAY)
    assert (part.first_at, part.written_at) == (START.replace(minute=5), clock.now())


def test_a_parts_digest_is_that_of_its_file(lake: Lake) -> None:
    part = lake.append(READINGS, reading_rows(GATEWAY, 0, 9), source=GATEWAY, first_seq=0, last_seq=9)
    assert part is not None
    assert hashlib.sha256(part.path.read_bytes()).hexdigest() == part.sha256


def test_parts_are_listed_oldest_first(lake: Lake) -> None:
    for first in (20, 0, 10):
        append(lake, first, first + 9)
    assert [part.first_seq for part in lake.parts(READINGS)] == [20, 0, 10]


def test_a_lake_nobody_wrote_has_no_parts(lake: Lake) -> None:
    assert list(lake.parts(READINGS)) == []


def test_the_mark_of_an_unknown_sender_is_minus_one(lake: Lake) -> None:
    assert lake.high_water(READINGS, GATEWAY) == -1


def test_the_mark_is_the_highest_accepted_number(lake: Lake) -> None:
    append(lake, 0, 9)
    append(lake, 10, 14)
    assert lake.high_water(READINGS, GATEWAY) == 14


def test_a_replay_is_not_written(lake: Lake) -> None:
    append(lake, 0, 9)
    assert not append(lake, 0, 9)
    assert len(visible(lake)) == 10


def test_a_replay_cut_differently_is_not_written(lake: Lake) -> None:
    append(lake, 0, 9)
    append(lake, 10, 19)
    assert not append(lake, 5, 14)
    assert len(visible(lake)) == 20


def test_a_range_that_is_only_partly_known_is_refused(lake: Lake) -> None:
    append(lake, 0, 9)
    with pytest.raises(CorruptData, match=r"5\.\.14"):
        append(lake, 5, 14)
    assert len(visible(lake)) == 10


def test_a_hole_may_be_filled_later(lake: Lake) -> None:
    append(lake, 0, 9)
    append(lake, 20, 29)
    assert append(lake, 10, 19)
    assert sorted(visible(lake)) == list(range(30))


def test_a_new_epoch_starts_a_new_counter(lake: Lake) -> None:
    append(lake, 0, 9)
    assert append(lake, 0, 9, Source(device_id=GATEWAY.device_id, epoch="2026-02-01"))


def test_two_senders_whose_names_look_alike_are_kept_apart(lake: Lake) -> None:
    names = [("a", "1-2"), ("a-1", "2"), ("a_1", "2"), ("a/1", "2"), ("a:1", "2"), ("../a", "1"), ("x" * 300, "1")]
    sources = [Source(device_id=device, epoch=epoch) for device, epoch in names]
    assert all(append(lake, 0, 9, source) for source in sources)
    assert len({part.path for part in lake.parts(READINGS)}) == len(sources)


def test_refused_rows_count_in_the_range(lake: Lake) -> None:
    none = reading_rows(GATEWAY, 0, -1)
    part = lake.append(READINGS, none, source=GATEWAY, first_seq=0, last_seq=9)
    assert part is not None
    assert (part.rows, lake.high_water(READINGS, GATEWAY)) == (0, 9)


def test_rows_of_another_shape_are_refused(lake: Lake) -> None:
    with pytest.raises(InvalidInput, match="columns of readings"):
        lake.append(READINGS, reading_rows(GATEWAY, 0, 9).drop("metric"), source=GATEWAY, first_seq=0, last_seq=9)


def test_rows_of_another_type_are_refused(lake: Lake) -> None:
    rows = reading_rows(GATEWAY, 0, 9).with_columns(pl.col("value").cast(pl.Float32))
    with pytest.raises(InvalidInput, match="Float32"):
        lake.append(READINGS, rows, source=GATEWAY, first_seq=0, last_seq=9)


def test_a_null_in_a_required_column_is_refused(lake: Lake) -> None:
    rows = reading_rows(GATEWAY, 0, 9).with_columns(pl.lit(None, pl.String).alias("metric"))
    with pytest.raises(InvalidInput, match=r"readings\.metric: 10 of 10"):
        lake.append(READINGS, rows, source=GATEWAY, first_seq=0, last_seq=9)


def test_a_missing_value_is_accepted(lake: Lake) -> None:
    rows = reading_rows(GATEWAY, 0, 9).with_columns(pl.lit(None, pl.Float64).alias("value"))
    assert lake.append(READINGS, rows, source=GATEWAY, first_seq=0, last_seq=9) is not None


def test_a_number_outside_the_stated_range_is_refused(lake: Lake) -> None:
    with pytest.raises(InvalidInput, match=r"readings\.seq: 0\.\.9 leaves 0\.\.8"):
        lake.append(READINGS, reading_rows(GATEWAY, 0, 9), source=GATEWAY, first_seq=0, last_seq=8)


def test_rows_of_another_sender_are_refused(lake: Lake) -> None:
    other = Source(device_id="gateway-2", epoch=GATEWAY.epoch)
    with pytest.raises(InvalidInput, match="10 rows are not of gateway-1"):
        lake.append(READINGS, reading_rows(other, 0, 9), source=GATEWAY, first_seq=0, last_seq=9)


def test_a_range_that_ends_before_it_begins_is_refused(lake: Lake) -> None:
    with pytest.raises(InvalidInput, match="not a range"):
        lake.append(READINGS, reading_rows(GATEWAY, 0, -1), source=GATEWAY, first_seq=3, last_seq=2)


def test_a_refused_append_leaves_no_mark(lake: Lake) -> None:
    with pytest.raises(InvalidInput):
        lake.append(READINGS, reading_rows(GATEWAY, 0, 9).drop("metric"), source=GATEWAY, first_seq=0, last_seq=9)
    assert lake.high_water(READINGS, GATEWAY) == -1
