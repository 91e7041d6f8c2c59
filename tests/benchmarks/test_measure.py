"""The benchmarks measure what they say: a step's own result, failure and memory, on files that are really new."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import load, measure, shop

MEGABYTES = 200


def hold_memory() -> int:
    """Fill some memory long enough to be seen."""
    block = bytearray(b"x") * (MEGABYTES * 1_000_000)
    time.sleep(0.5)
    return len(block)


def fail() -> None:
    """Fail as a step might."""
    raise ValueError("the step's own words")


def test_a_step_brings_back_its_result_and_its_peak() -> None:
    """What a step returns comes back from its process, and so does the memory it held."""
    result, peak = measure.isolated(hold_memory)
    assert result == MEGABYTES * 1_000_000
    assert peak > result / measure.GB


def test_a_failing_step_is_an_error_with_its_own_words() -> None:
    """No figure is written when a step went wrong."""
    with pytest.raises(RuntimeError, match="the step's own words"):
        measure.isolated(fail)


def test_figures_are_one_flat_object(tmp_path: Path) -> None:
    """Figures are numbers by name, whole from a thousand on and to four digits below."""
    path = measure.write("some", {"many": 123456.7, "ratio": 1.23456}, tmp_path)
    assert json.loads(path.read_text()) == {"many": 123457, "ratio": 1.235}


def test_ours_and_the_lower_bound_load_the_same_rows(tmp_path: Path) -> None:
    """The two loads that are compared read the same files in full, and another day is new to ours."""
    shop.land(tmp_path, None, 100)
    ours, plain = load.ours(tmp_path, shop.AS_OF), load.plain(tmp_path)
    assert ours["rows"] == plain["rows"] > 0
    assert ours["refused"] == 0
    shop.land_another_day(tmp_path, share=10)
    more = load.ours(tmp_path, shop.NEXT_DAY)
    assert 0 < more["rows"] < ours["rows"]
    assert more["refused"] == 0


@pytest.mark.parametrize(
    ("land", "name", "times"),
    [
        (shop.land_another_day, "from_2026063000.ndjson.gz", "2026-06-30T"),
        (shop.land_another_hour, "from_2026070100.ndjson.gz", "2026-07-01T00:"),
    ],
)
def test_what_is_landed_again_has_new_ids_and_times(
    tmp_path: Path, land: Callable[..., None], name: str, times: str
) -> None:
    """Every event of the landed day or hour lies in it, and no id of an older event comes again."""
    shop.land(tmp_path, None, 100)
    land(tmp_path, share=10)
    folder = tmp_path / "landing" / "segment" / "events"
    before, after = (_events(folder / file) for file in ("block_000.ndjson.gz", name))
    assert after
    assert {event["timestamp"][: len(times)] for event in after} == {times}
    ids = {event["messageId"] for event in before}
    assert not ids & {event["messageId"] for event in after}


def _events(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt") as lines:
        return [json.loads(line) for line in lines]
