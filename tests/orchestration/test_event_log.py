"""The event log keeps its files open, and is otherwise Dagster's: same files, same events, for several processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage

from orchestration.event_log import EventLog
from orchestration.run import INSTANCE
from warehouse.erase_files import rewrite_sqlite
from warehouse.person import Person

WRITER = """
import sys, time
from dagster._core.events.log import EventLogEntry
from orchestration.event_log import EventLog
log = EventLog(sys.argv[1])
for number in range(1000):
    log.store_event(EventLogEntry(None, "info", str(number), "r1", time.time()))
    print(number, flush=True)
time.sleep(60)
"""


def said(text: str, run: str = "r1") -> EventLogEntry:
    return EventLogEntry(None, "info", text, run, time.time())


def heard(log: SqliteEventLogStorage, run: str = "r1") -> list[str]:
    return [entry.user_message for entry in log.get_logs_for_run(run)]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    made = EventLog(str(tmp_path))
    yield made
    made.dispose()


def test_either_class_reads_what_the_other_wrote(log: EventLog, tmp_path: Path) -> None:
    """Also while both have the file open, and runs take turns."""
    other = SqliteEventLogStorage(str(tmp_path))
    for number in range(3):
        log.store_event(said(f"a{number}"))
        other.store_event(said(f"b{number}"))
        log.store_event(said(f"c{number}", "r2"))

    assert heard(log) == heard(other) == ["a0", "b0", "a1", "b1", "a2", "b2"]
    assert heard(log, "r2") == heard(other, "r2") == ["c0", "c1", "c2"]


def test_a_closed_log_leaves_whole_files_and_can_be_used_again(
    log: EventLog, tmp_path: Path
) -> None:
    log.store_event(said("one"))
    log.dispose()

    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".db"] == []
    log.store_event(said("two"))
    assert heard(log) == ["one", "two"]


def test_files_that_were_wiped_are_made_anew(log: EventLog) -> None:
    log.store_event(said("old"))
    log.wipe()
    log.store_event(said("new"))

    assert heard(log) == ["new"]


def test_at_most_two_files_are_open(log: EventLog) -> None:
    """The UI reads any number of runs in one process."""
    for number in range(20):
        log.store_event(said("one", f"run-{number}"))
        log.has_secondary_index("x")

    assert sorted(log._kept) == ["index", "run-19"]


def test_a_killed_writer_loses_no_event(tmp_path: Path) -> None:
    """Kill -9 in the middle: whatever it said that it had stored is there."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    told = [process.stdout.readline().strip() for _ in range(40)]
    process.kill()
    told += process.stdout.read().split()
    process.wait()

    found = heard(SqliteEventLogStorage(str(tmp_path)))
    assert found[: len(told)] == told
    assert len(found) <= len(told) + 1


def test_who_is_erased_while_the_log_is_open_is_gone_from_its_files(
    log: EventLog, tmp_path: Path
) -> None:
    """Also from SQLite's own log beside them, which stays for as long as somebody has the file open."""
    log.store_event(said("asked by ada@mail.example"))
    log.store_event(said("the rest"))
    assert any(b"ada@" in path.read_bytes() for path in tmp_path.iterdir())

    rewrite_sqlite(tmp_path / "r1.db", Person(("1",), ("ada@mail.example",), ()))

    assert [path.name for path in tmp_path.iterdir() if b"ada@" in path.read_bytes()] == []
    log.store_event(said("later"))
    first, *others = heard(log)
    assert first.startswith("asked by erased-")
    assert others == ["the rest", "later"]


def test_the_log_moves_with_its_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dagster finds it by the setting alone; a copied installation writes into its own files."""
    for name in ("one", "two"):
        home = tmp_path / name
        home.mkdir()
        (home / "dagster.yaml").write_text(INSTANCE)
        monkeypatch.setenv("DAGSTER_HOME", str(home))
        with dg.DagsterInstance.get() as instance:
            assert isinstance(instance.event_log_storage, EventLog)
            instance.report_runless_asset_event(dg.AssetMaterialization("x"))
        assert {path.name for path in (home / "history" / "runs").glob("*.db")} >= {"index.db"}
