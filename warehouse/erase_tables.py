"""Takes a person out of the warehouse by writing it anew: what is deleted in place stays in the file's free blocks.

Kept tables (landed rows, the platform's own, histories) are copied without the person. What dbt builds is not copied:
it is built from the rest, in full.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from warehouse import erased, scrub
from warehouse.clock import naive
from warehouse.connection import connect
from warehouse.contract import Contract
from warehouse.dialect import columns, ident, literal
from warehouse.erase_files import Rewritten
from warehouse.internal import ensure
from warehouse.manifest import Manifest
from warehouse.person import Person
from warehouse.scrub import Rules
from warehouse.settings import Settings

# What hooks of dbt wrote, and nothing could tell again.
HISTORY = {("segments", "membership_history"), ("scores", "history")}
TEXTS = ("VARCHAR", "JSON")
# What the platform keeps of its own; every other table is treated by its landing contract, or as a landed one.
OWN = {
    "landing.quarantine": Rules(
        clear=frozenset({"original", "reason"}),
        required=frozenset({"original", "reason"}),
        is_about_person=False,
    ),
    "landing.files": Rules(is_about_person=False),
    "ml.predictions": Rules(delete=True, is_about_person=False),
    "raw_millrace.erased_addresses": Rules(delete=True, is_about_person=False),
    "raw_activations.receipts": Rules(
        clear=frozenset({"vendor_id", "message"}), is_about_person=False
    ),
    "raw_activations.opt_outs": Rules(delete=True, is_about_person=False),
    "raw_activations.withheld": Rules(is_about_person=False),
    "raw_activations.choices": Rules(is_about_person=False),
    "ml.send_curves": Rules(delete=True, is_about_person=False),
    "ml.variant_choices": Rules(delete=True, is_about_person=False),
    "activations.acknowledged": Rules(delete=True, is_about_person=False),
    "activations.retries": Rules(delete=True, is_about_person=False),
    "activations.plan_rows": Rules(
        clear=frozenset({"payload", "remembered", "before", "vendor_id", "reason"}),
        is_about_person=False,
    ),
    "activations.outbox": Rules(
        clear=frozenset({"address", "data", "vendor_id", "reason", "cancel_reason"}),
        is_about_person=False,
    ),
    "activations.outbox_decisions": Rules(
        clear=frozenset({"reason", "facts"}), is_about_person=False
    ),
    "journeys.enrollments": Rules(clear=frozenset({"data", "entry_key"}), is_about_person=False),
    "journeys.positions": Rules(delete=True, is_about_person=False),
    "journeys.truths": Rules(delete=True, is_about_person=False),
    "journeys.assignments": Rules(delete=True, is_about_person=False),
    "journeys.quarantine": Rules(clear=frozenset({"reason"}), is_about_person=False),
    "journeys.actions": Rules(clear=frozenset({"payload"}), is_about_person=False),
    "journeys.action_states": Rules(
        clear=frozenset({"key", "vendor_id", "reason"}), is_about_person=False
    ),
    "journeys.action_decisions": Rules(clear=frozenset({"reason"}), is_about_person=False),
    "journeys.ahead": Rules(delete=True, is_about_person=False),
    "journeys.requests": Rules(delete=True, is_about_person=False),
    "segments.membership_history": Rules(is_about_person=False),
    "scores.history": Rules(delete=True, is_about_person=False),
    "intermediate.int_contacts__versions": Rules(delete=True, is_about_person=False),
}


@dataclass(frozen=True)
class TableChange:
    """What became of one table's rows: `deleted` went, `changed` stay with stand-ins."""

    table: str
    rows: int
    deleted: int
    changed: int


def rewrite(
    settings: Settings,
    manifest: Manifest,
    contracts: dict[str, Contract],
    person: Person,
    files: Sequence[Rewritten],
    now: datetime,
    reason: str,
    before_swap: Callable[[list[TableChange]], None],
) -> None:
    """Replace the warehouse's file by one without the person and without built models; one rename decides.

    `files` are the landing files that are about to be replaced, so that they are not taken for new ones.
    `before_swap` is told what changes before anything does.
    """
    fresh = settings.database.with_name(f".{settings.database.name}.erasing")
    fresh.unlink(missing_ok=True)
    with connect(settings) as con:
        ensure(con, contracts)
        con.execute(f"attach {literal(fresh)} as fresh")
        changes = [
            _copy(con, person, schema, table, rules_for(schema, table, contracts))
            for schema, table in kept_tables(con, manifest)
        ]
        con.execute("use fresh")
        con.execute("delete from landing.built")
        for file in files:
            _record(con, file, now)
        erased.remember(con, settings, person, now, scrub.text(person, reason))
        con.execute(f"use {ident(settings.database.stem)}")
        con.execute("checkpoint fresh")
        con.execute("detach fresh")
        con.execute("checkpoint")
        before_swap(changes)
        # Under the lock that the connection holds; a log of the old file must not be applied to the new one.
        os.replace(fresh, settings.database)
        Path(f"{settings.database}.wal").unlink(missing_ok=True)


def rules_for(schema: str, table: str, contracts: dict[str, Contract]) -> Rules:
    """How rows of a table are treated."""
    own = OWN.get(f"{schema}.{table}")
    if own is not None:
        return own
    for contract in contracts.values():
        if (contract.schema, contract.table) == (schema, table):
            return scrub.rules_of(contract)
    return Rules(
        table=table,
        source=schema.removeprefix("raw_"),
        is_about_person=schema not in ("activations", "journeys", "ml"),
    )


def kept_tables(con: duckdb.DuckDBPyConnection, manifest: Manifest) -> list[tuple[str, str]]:
    """The tables that dbt does not build, and those of its models that hold what contacts were."""
    built = {model.schema for model in manifest.models.values()}
    kept = HISTORY | {
        (model.schema, model.name)
        for model in manifest.models.values()
        if model.meta.get("keeps_history") == "erased by row"
    }
    rows = con.execute(
        "select schema_name, table_name from duckdb_tables() "
        "where database_name = current_database() and not temporary order by all"
    ).fetchall()
    return [(s, t) for s, t in rows if s not in built or (s, t) in kept]


def candidates(
    con: duckdb.DuckDBPyConnection, person: Person, schema: str, table: str, rules: Rules
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The table's column names, and the rows (rowid first) that may mention the person."""
    described = con.execute(
        "select column_name, data_type from duckdb_columns() where database_name = current_database() "
        "and schema_name = ? and table_name = ? order by column_index",
        [schema, table],
    ).fetchall()
    names = [str(name) for name, _ in described]
    condition = _may_mention(person, rules, described)
    if condition is None:
        return names, []
    found = con.execute(
        f"select rowid, {columns(names)} from {ident(schema, table)} where {condition}"
    )
    return names, found.fetchall()


def _may_mention(person: Person, rules: Rules, described: Iterable[tuple[str, str]]) -> str | None:
    weak = person.weak_in(rules.source)
    short = ", ".join(literal(name) for name in weak.marks)
    keys = "|".join(
        sorted({f'"[A-Za-z_]*(?i:id|contact)"[ ]*:[ ]*"?{n}"?' for n in map(_safe, weak.marks)})
    )
    parts = []
    for name, kind in described:
        text = f"cast({ident(name)} as varchar)"
        if kind in TEXTS or kind.endswith("[]"):
            if person.strong:
                parts.append(f"regexp_matches({text}, {literal(person.sql_pattern)})")
            if weak and kind != "VARCHAR[]":
                parts.append(
                    f"(left({text}, 1) in ('{{', '[') and regexp_matches({text}, {literal(keys)}))"
                )
        if weak and weak.holds(name, rules.table):
            parts.append(f"{text} in ({short})")
    return " or ".join(parts) or None


def _safe(name: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "_-" else f"[{sign}]" for sign in name)


def _copy(
    con: duckdb.DuckDBPyConnection, person: Person, schema: str, table: str, rules: Rules
) -> TableChange:
    names, rows = candidates(con, person, schema, table, rules)
    gone, fresh, deleted = [], [], 0
    for rowid, *values in rows:
        given = dict(zip(names, values, strict=True))
        clean = scrub.row(person, rules, given)
        if clean == given:
            continue
        gone.append(rowid)
        if clean is None:
            deleted += 1
        else:
            fresh.append([clean[name] for name in names])
    source, target = ident(schema, table), ident("fresh", schema, table)
    con.execute(f"create schema if not exists {ident('fresh', schema)}")
    con.execute("create or replace temp table erase_gone (rid bigint)")
    if gone:
        con.executemany("insert into erase_gone values (?)", [[rid] for rid in gone])
    con.execute(
        f"create table {target} as select * from {source} "
        "where rowid not in (select rid from erase_gone)"
    )
    if fresh:
        marks = ", ".join("?" * len(names))
        con.executemany(f"insert into {target} ({columns(names)}) values ({marks})", fresh)
    total = con.execute(f"select count(*) from {source}").fetchall()[0][0]
    return TableChange(f"{schema}.{table}", int(total), deleted, len(fresh))


def _record(con: duckdb.DuckDBPyConnection, file: Rewritten, now: datetime) -> None:
    """The rewritten file is known by its new content too, and by its new size and time."""
    con.execute(
        "insert into landing.files select ?, source, table_name, path, format, ?, ?, 'rewritten', "
        "'a person was erased from it', 0, 0, 0, batch, ? from landing.files "
        "where path = ? and status <> 'rewritten' order by batch desc limit 1",
        [file.content_id, file.file_bytes, file.modified_ns, naive(now), file.relative],
    )
