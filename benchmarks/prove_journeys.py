"""Proves that a tick that is killed (`kill -9`) at any instant leaves the state of one clean run, and no message twice.

A child opens the warehouse, ticks and is killed after a random part of the time a tick takes; the next tries the
same tick on what the dead one left. A kill that came after the commit hit nothing: it is not counted, and the state of
before is copied back. After the kills the tick is run to its end and the whole state compared, tick by tick.
Options come from the environment: BENCH_CONTACTS (default 100,000), BENCH_KILLS (default 100), BENCH_HOME. Ends with 1
when the states differ or a message is there twice.
"""

from __future__ import annotations

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

from activations.journeys import tables
from activations.journeys.tick import tick
from benchmarks import measure
from benchmarks.journeys import START, catalog_of, open_at, prepare
from warehouse.clock import naive

NAME = "journeys-proof"
CONTACTS, KILLS, EACH = 100_000, 100, 5
# Hours after START of the ticks that are run, each killed its share of times.
TICKS = (6, 30, 60, 100, 140)


def advance(path: Path, hours: int) -> None:
    """One tick, as a process of its own would run it."""
    con = open_at(path)
    tick(con, catalog_of(con), START + timedelta(hours=hours))
    con.close()


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


def has_ticked(path: Path, hours: int) -> bool:
    """Whether a tick is committed; opening also recovers what a killed child left."""
    con = open_at(path)
    rows = con.execute(
        "select count(*) from journeys.ticks where as_of = ?",
        [naive(START + timedelta(hours=hours))],
    ).fetchall()
    con.close()
    return bool(rows[0][0])


def copy(source: Path, target: Path) -> None:
    """A warehouse that nobody has open, without what was not yet written into the file."""
    for path in (target, target.with_name(target.name + ".wal")):
        path.unlink(missing_ok=True)
    shutil.copy(source, target)


def prove(home: Path, contacts: int, kills: int) -> measure.Figures:
    """The clean run, then the same with kills, compared after every tick."""
    clean, hurt, before = (home / f"{name}.duckdb" for name in ("clean", "hurt", "before"))
    prepare(clean, contacts, EACH)
    shutil.copy(clean, hurt)
    chance, count, late, differing = random.Random(7), 0, 0, []
    for number, hours in enumerate(TICKS):
        started = time.perf_counter()
        measure.killed_within(3600, advance, clean, hours)
        taken = time.perf_counter() - started
        copy(hurt, before)
        wanted = kills // len(TICKS) + (number < kills % len(TICKS))
        hit = 0
        while hit < wanted:
            moment = chance.uniform(0.02, 0.98) * taken
            alive = measure.killed_within(moment, advance, hurt, hours)
            if has_ticked(hurt, hours):
                late += 1
                copy(before, hurt)
            else:
                hit += alive
        count += hit
        measure.killed_within(3600, advance, hurt, hours)
        left, right = state(clean), state(hurt)
        wrong = [f"{name} after hour {hours}" for name in left if left[name] != right[name]]
        differing += wrong
        measure.console.print(
            f"hour {hours}: a tick takes {taken:.1f} s; {hit} kills; {', '.join(wrong) or 'the same'}"
        )
    return {
        "contacts": float(contacts),
        "kills": float(count),
        "kills_after_commit": float(late),
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
