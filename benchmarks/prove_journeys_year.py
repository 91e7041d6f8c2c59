"""Proves that a year of the shop, replayed day by day in one process, is the same as one lived in pieces that die.

The starter journeys run over the sample shop on a copy, in virtual time, one tick a day, messages decided and taken as
sent. Once in one process; and once in pieces of about a month, each a process of its own that reads the state which the
last one wrote, and is killed (`kill -9`) at a random instant before it is let through. Every table of state is compared
row by row. Options come from the environment: BENCH_CONTACTS (default 100,000), BENCH_DAYS (365), BENCH_PIECES (12),
BENCH_HOME, BENCH_CACHE, and BENCH_BUILT: the home of a shop that is built already. Ends with 1 when a row differs.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import duckdb

from activations.conditions.catalog import Catalog, from_manifest
from activations.journeys import load as files
from activations.journeys.replay.run import replay
from activations.journeys.replay.shadow import STATE, open_shadow, take
from activations.outbox.rules import load as load_rules
from benchmarks import build, load, measure, shop
from warehouse.connection import copy_of
from warehouse.dialect import ident, literal
from warehouse.manifest import load_manifest

NAME = "journeys-year-proof"
CONTACTS, DAYS, PIECES = 100_000, 365, 12
DAY = timedelta(days=1)
# Of a tick only the journeys' own tables and what they proposed are kept; the rest is made anew by each process.
KEPT = ("outbox", "outbox_decisions", "choices")


def live(home: Path, was: Path | None, becomes: Path, first: int, days: int, total: int) -> None:
    """Live so many days from day `first` of `total` on, going on from the state in `was`, and leave it in `becomes`."""
    settings = shop.settings(home)
    journeys = [files.read(path)[0] for path in files.paths(settings.project)]
    manifest = load_manifest(settings, refresh=False)

    def copy(con: duckdb.DuckDBPyConnection) -> Catalog:
        return take(con, from_manifest(con, manifest), journeys, state=False)

    start = shop.AS_OF - (total - 1 - first) * DAY
    with copy_of(settings, copy) as (con, catalog):
        if was is not None:
            con.execute(f"attach {literal(was)} as state (read_only)")
            _carry(con, "state", "memory")
            con.execute("detach state")
        shadow = open_shadow(con, catalog)
        rules = load_rules(settings.project / "models" / "messages")
        found = replay(shadow, () if was else journeys, rules, start, start + (days - 1) * DAY, DAY)
        if found.broken:
            raise RuntimeError(f"journeys broke: {found.broken}")
        unfinished = becomes.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        con.execute(f"attach {literal(unfinished)} as state")
        _carry(con, "memory", "state")
        con.execute("detach state")
    unfinished.replace(becomes)


def _carry(con: duckdb.DuckDBPyConnection, source: str, target: str) -> None:
    rows = con.execute(
        "select table_schema, table_name from information_schema.tables where table_catalog = ? "
        "and table_type = 'BASE TABLE' and (table_schema = 'journeys' or list_contains(?, table_name))",
        [source, list(KEPT)],
    ).fetchall()
    for schema in STATE:
        con.execute(f"create schema if not exists {ident(target, schema)}")
    for schema, table in rows:
        con.execute(
            f"create table {ident(target, schema, table)} as from {ident(source, schema, table)}"
        )


def differences(one: Path, other: Path) -> dict[str, int]:
    """Rows per table of state that only one of the two has."""
    found = {}
    with duckdb.connect() as con:
        for name, path in (("one", one), ("other", other)):
            con.execute(f"attach {literal(path)} as {name} (read_only)")
        for schema, table in con.execute(
            "select table_schema, table_name from information_schema.tables where table_catalog = 'one'"
        ).fetchall():
            # The one column that says when a machine did it, not when it was in virtual time.
            told = "* exclude (decided_at)" if table == "outbox_decisions" else "*"
            left = f"select {told} from {ident('one', schema, table)}"
            right = f"select {told} from {ident('other', schema, table)}"
            found[table] = con.execute(
                f"select count(*) from (({left} except all {right}) union all ({right} except all {left}))"
            ).fetchall()[0][0]
    return found


def counted(path: Path, sql: str) -> float:
    """One number from a state."""
    with duckdb.connect(str(path), read_only=True) as con:
        return float(con.execute(sql).fetchall()[0][0] or 0)


@contextmanager
def built(contacts: int) -> Iterator[Path]:
    """The home of a shop with its marts built."""
    if given := os.environ.get("BENCH_BUILT"):
        yield Path(given)
        return
    cache = os.environ.get("BENCH_CACHE")
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_HOME")) as home:
        shop.land(Path(home), Path(cache) if cache else None, contacts)
        measure.isolated(load.ours, Path(home), shop.AS_OF)
        measure.isolated(build.ours, Path(home))
        yield Path(home)


def prove(home: Path, work: Path, days: int, pieces: int) -> measure.Figures:
    """The year at once, then in pieces."""
    whole = work / "whole.duckdb"
    started = time.perf_counter()
    measure.killed_within(36_000, live, home, None, whole, 0, days, days)
    taken = time.perf_counter() - started
    measure.console.print(f"at once: {taken:.0f} s for {days} days")
    chance, kills, state = random.Random(7), 0, None
    edges = [days * n // pieces for n in range(pieces + 1)]
    for number, (first, end) in enumerate(pairwise(edges)):
        following = work / f"piece{number}.duckdb"
        expected = taken * (end - first) / days
        piece = (home, state, following, first, end - first, days)
        kills += measure.killed_within(chance.uniform(0.1, 0.9) * expected, live, *piece)
        if not following.exists():
            measure.killed_within(36_000, live, *piece)
        if state is not None:
            state.unlink()
        state = following
        measure.console.print(f"piece {number + 1} of {pieces}: to day {end}, {kills} kills so far")
    assert state is not None
    differing = differences(whole, state)
    if any(differing.values()):
        measure.console.print(f"different: {differing}")
    twice = (
        "select sum(n - 1) from (select count(*) as n from activations.outbox "
        "group by enrollment_id, step_id, visit)"
    )
    return {
        "days": float(days),
        "pieces": float(pieces),
        "kills": float(kills),
        "rows_that_differ": float(sum(differing.values())),
        "duplicate_messages": counted(state, twice),
        "seconds_per_day": taken / days,
        "enrollments": counted(whole, "select count(*) from journeys.enrollments"),
        "transitions": counted(whole, "select count(*) from journeys.transitions"),
        "messages": counted(whole, "select count(*) from activations.outbox"),
    }


def main() -> None:
    """Run, print the figures, and write them to `out/journeys-year-proof.json`."""
    contacts = int(os.environ.get("BENCH_CONTACTS") or CONTACTS)
    days = int(os.environ.get("BENCH_DAYS") or DAYS)
    pieces = int(os.environ.get("BENCH_PIECES") or PIECES)
    with (
        built(contacts) as home,
        tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_HOME")) as work,
    ):
        here = counted(home / "warehouse.duckdb", "select count(*) from marts.dim_contacts")
        figures = {"contacts": here, **prove(home, Path(work), days, pieces)}
    measure.show(NAME, figures)
    measure.console.print(f"written to {measure.write(NAME, figures)}")
    if figures["rows_that_differ"] or figures["duplicate_messages"] or not figures["transitions"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
