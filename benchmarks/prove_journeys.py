"""Proves that a tick that is killed (`kill -9`) at any instant leaves the state of one clean run, and no message twice.

A child opens the warehouse, ticks and is killed after a random part of the time a tick takes; then the next child tries
the same tick. Options come from the environment: BENCH_CONTACTS (default 100,000), BENCH_KILLS (default 100),
BENCH_HOME. Ends with 1 when the states differ or a message is there twice.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb

from activations.journeys import publish, tables
from activations.journeys.tick import tick
from benchmarks import measure
from benchmarks.journeys import START, begin, journey, populate

NAME = "journeys-proof"
CONTACTS, KILLS, EACH = 100_000, 100, 5
# Hours after START of the ticks that are run, each killed its share of times.
TICKS = (6, 30, 60, 100, 140)


def prepare(path: Path, contacts: int) -> None:
    """A warehouse in which everybody is about to start."""
    con = duckdb.connect(str(path))
    con.execute("set timezone = 'UTC'")
    catalog = populate(con, contacts, EACH)
    publish.publish(con, journey(), START)
    tick(con, catalog, START)
    begin(con, contacts)
    con.close()


def advance(path: str, hours: int, contacts: int) -> None:
    """One tick, as a process of its own would run it."""
    from benchmarks.journeys import catalog_of

    con = duckdb.connect(path)
    con.execute("set timezone = 'UTC'")
    tick(con, catalog_of(con), START + timedelta(hours=hours))
    con.close()


def killed(path: Path, hours: int, contacts: int, seconds: float) -> bool:
    """Run a tick and kill it after so long; whether it was killed before it ended."""
    child = multiprocessing.get_context("fork").Process(
        target=advance, args=(str(path), hours, contacts)
    )
    child.start()
    child.join(seconds)
    was_alive = child.is_alive()
    if was_alive:
        child.kill()
        child.join()
    elif child.exitcode:
        raise RuntimeError(f"a tick after a kill ended with {child.exitcode}")
    return was_alive


def state(path: Path) -> dict[str, Any]:
    """Everything that is remembered, as one hash per table."""
    con = duckdb.connect(str(path), read_only=True)
    found = {}
    for name in tables.TABLES:
        found[name] = con.execute(
            f"select count(*), bit_xor(hash(t)) from journeys.{name} as t"
        ).fetchall()
    columns = "message_id, contact_id, step_id, visit, state, reason, due_at, planned_at"
    found["outbox"] = con.execute(
        f"select count(*), bit_xor(hash(o)) from (select {columns} from activations.outbox) as o"
    ).fetchall()
    con.close()
    return found


def duplicates(path: Path) -> int:
    """Messages beyond the first of an enrollment, step and visit."""
    con = duckdb.connect(str(path), read_only=True)
    rows = con.execute(
        "select coalesce(sum(n - 1), 0) from (select count(*) as n from activations.outbox "
        "group by enrollment_id, step_id, visit)"
    ).fetchall()
    con.close()
    return int(rows[0][0])


def prove(home: Path, contacts: int, kills: int) -> measure.Figures:
    """The clean run, then the same with kills."""
    clean, hurt = home / "clean.duckdb", home / "hurt.duckdb"
    prepare(clean, contacts)
    shutil.copy(clean, hurt)
    taken = {}
    for hours in TICKS:
        started = time.perf_counter()
        killed(clean, hours, contacts, 3600)
        taken[hours] = time.perf_counter() - started
    chance, count = random.Random(7), 0
    for number, hours in enumerate(TICKS):
        for _ in range(kills // len(TICKS) + (number < kills % len(TICKS))):
            count += killed(hurt, hours, contacts, chance.uniform(0.05, 0.95) * taken[hours])
        killed(hurt, hours, contacts, 3600)
    left, right = state(clean), state(hurt)
    differing = [name for name in left if left[name] != right[name]]
    if differing:
        measure.console.print(f"different: {', '.join(differing)}")
    return {
        "contacts": float(contacts),
        "kills": float(count),
        "tries": float(kills),
        "state_differences": float(len(differing)),
        "duplicate_messages": float(duplicates(hurt)),
        "messages": float(left["outbox"][0][0]),
        "transitions": float(left["transitions"][0][0]),
    }


def main() -> None:
    """Run, print the figures, and write them to `out/journeys-proof.json`."""
    contacts = int(os.environ.get("BENCH_CONTACTS") or CONTACTS)
    kills = int(os.environ.get("BENCH_KILLS") or KILLS)
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_HOME")) as home:
        figures = prove(Path(home), contacts, kills)
    measure.show(NAME, figures)
    measure.console.print(f"written to {measure.write(NAME, figures)}")
    if figures["state_differences"] or figures["duplicate_messages"] or not figures["kills"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
