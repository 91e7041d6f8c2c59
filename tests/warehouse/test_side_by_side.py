"""Several landing files at once: the same rows, batches and words as one after another, and an orderly end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError

import duckdb
import pytest

from tests.warehouse.test_load import GOOD, HEADER, NOW, PEOPLE, land
from warehouse.connection import connect
from warehouse.errors import ContractError
from warehouse.internal import ensure
from warehouse.lanes import Lanes
from warehouse.load import load_table
from warehouse.settings import Settings

NAMES = [f"{number:02}.csv" for number in range(12)]


@pytest.fixture
def con(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with the empty tables of the test's contract and four threads."""
    with connect(settings) as connection:
        connection.execute("set threads = 4")
        ensure(connection, {PEOPLE.label: PEOPLE})
        yield connection


def person(number: int) -> str:
    """One good line."""
    return f"p{number},{number},1.5,2026-01-02T03:04:05Z,\n"


def test_files_keep_their_order_whoever_is_done_first(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """Results and batches follow the names; a broken file is mended beside the others, a repeat is told as one."""
    for number, name in enumerate(NAMES):
        lines = "".join(person(1000 * number + line) for line in range(900 if number == 0 else 3))
        land(settings, name, HEADER + lines)
    land(settings, NAMES[5], HEADER + person(1) + "p,x,,2026-01-02,\n")
    land(settings, NAMES[7], (settings.landing / "shop/people" / NAMES[2]).read_text())

    results = load_table(con, settings, PEOPLE, NOW)

    assert [result.path for result in results] == [f"shop/people/{name}" for name in NAMES]
    assert [result.batch for result in results] == list(range(1, 13))
    assert results[7].message == f"same content as shop/people/{NAMES[2]}"
    assert (results[5].status, results[5].rows_quarantined) == ("repaired", 1)
    others = [r.status for i, r in enumerate(results) if i not in (5, 7)]
    assert others == ["loaded"] * 10
    by_batch = con.execute(
        "select _batch, count(*) from raw_shop.people group by all order by 1"
    ).fetchall()
    assert by_batch == [(1, 900), *((b, 1 if b == 6 else 3) for b in range(2, 13) if b != 8)]
    assert load_table(con, settings, PEOPLE, NOW) == []


def test_a_file_without_a_required_column_ends_the_table_and_keeps_what_came_before(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """The error names that file, though later ones were waiting; all but it load once it is mended."""
    for number, name in enumerate(NAMES):
        land(settings, name, HEADER + person(number))
    land(settings, NAMES[4], "person_id\np1\n")

    with pytest.raises(ContractError, match=rf"shop/people/{NAMES[4]}, line 1: required column"):
        load_table(con, settings, PEOPLE, NOW)

    loaded = {path for (path,) in con.execute("select path from landing.files").fetchall()}
    assert {f"shop/people/{name}" for name in NAMES[:4]} <= loaded
    land(settings, NAMES[4], HEADER + GOOD)
    load_table(con, settings, PEOPLE, NOW)
    assert con.execute("select count(*) from raw_shop.people").fetchall() == [(12,)]


def test_progress_adds_up_over_files_that_load_at_once(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """What is done never shrinks and ends at all there is."""
    total = 0
    for number, name in enumerate(NAMES):
        total += land(settings, name, HEADER + person(number)).stat().st_size
    seen: list[tuple[int, int]] = []

    load_table(con, settings, PEOPLE, NOW, lambda path, done, whole: seen.append((done, whole)))

    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (total, total)


def test_tasks_run_at_once_and_none_begins_after_a_failure(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """Two tasks that wait for each other both end; after one raised, the next does not begin."""
    both = threading.Barrier(2, timeout=60)

    def together(lane: duckdb.DuckDBPyConnection) -> str:
        both.wait()
        return str(lane.execute("select current_setting('TimeZone')").fetchall()[0][0])

    def fails(lane: duckdb.DuckDBPyConnection) -> str:
        raise OSError("no room")

    with Lanes(con, 2) as lanes:
        waiting = [lanes.submit(together), lanes.submit(together)]
        zones = [future.result(timeout=90) for future in waiting]
        assert zones == ["UTC", "UTC"]
        with pytest.raises(OSError, match="no room"):
            lanes.submit(fails).result(timeout=90)
        with pytest.raises(CancelledError):
            lanes.submit(together).result(timeout=90)


def test_leaving_by_an_error_interrupts_what_runs(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """A statement that would take minutes ends at once, with its own error, when the caller is stopped."""
    begun = threading.Event()

    def slow(lane: duckdb.DuckDBPyConnection) -> object:
        begun.set()
        return lane.execute("select count(*) from range(100000000) a, range(100000) b").fetchall()

    running = None
    with pytest.raises(KeyboardInterrupt), Lanes(con, 1) as lanes:
        running = lanes.submit(slow)
        assert begun.wait(60)
        raise KeyboardInterrupt
    assert running is not None
    with pytest.raises(duckdb.InterruptException):
        running.result(timeout=1)
