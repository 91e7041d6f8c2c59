"""Knows which dbt models are out of date: those whose definition, inputs or clock changed since they were last built.

Every model has a fingerprint of all that can change its rows: `<logic>.<data>`. The logic is its own text, the macros
it calls and the logic of what it reads; the data is the newest batch of each source and the moment in the clock's row.
An incremental model whose logic changed is built anew, for its old rows were made by the old logic.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from graphlib import TopologicalSorter

import duckdb

from warehouse.clock import naive
from warehouse.connection import transaction
from warehouse.manifest import Manifest, Source
from warehouse.settings import Settings


def fingerprints(
    con: duckdb.DuckDBPyConnection, settings: Settings, manifest: Manifest
) -> dict[str, str]:
    """The fingerprint that each model would have if it were built now, by model name."""
    project = _digest((settings.dbt_project / "dbt_project.yml").read_text(encoding="utf-8"))
    batches = _batches(con)
    known = {
        source.unique_id: (_digest(source.unique_id), _source_state(con, source, batches))
        for source in manifest.sources.values()
    }
    by_id = {model.unique_id: model for model in manifest.models.values()}

    def visit(unique_id: str) -> tuple[str, str]:
        if unique_id in known:
            return known[unique_id]
        model = by_id.get(unique_id)
        if model is None:
            return _digest(unique_id, manifest.seeds.get(unique_id, "")), ""
        parents = [visit(parent) for parent in sorted(set(model.depends_on))]
        known[unique_id] = (
            _digest(unique_id, model.checksum, project, *(logic for logic, _ in parents)),
            _digest(*(data for _, data in parents)),
        )
        return known[unique_id]

    return {model.name: ".".join(visit(model.unique_id)) for model in manifest.models.values()}


def forget_outgrown(
    con: duckdb.DuckDBPyConnection,
    manifest: Manifest,
    current: dict[str, str],
    among: Iterable[str],
) -> list[str]:
    """Drop the incremental models of `among` that were built by other logic, so that they are built in full.

    What declares `meta.keeps_history` stays: its rows say what was, and nothing could tell it again.
    """
    outgrown = [
        name
        for name in rewritten(con, current, among)
        if manifest.models[name].materialized == "incremental"
        and not manifest.models[name].meta.get("keeps_history")
    ]
    for name in outgrown:
        con.execute(f"drop table if exists {manifest.models[name].relation}")
    return outgrown


def rewritten(
    con: duckdb.DuckDBPyConnection, current: dict[str, str], among: Iterable[str]
) -> list[str]:
    """The models of `among` that were built by other logic than they have now; never built is not rewritten."""
    built = recorded(con)
    return [
        name
        for name in among
        if name in built and built[name].split(".")[0] != current[name].split(".")[0]
    ]


def proven(con: duckdb.DuckDBPyConnection, current: dict[str, str], among: Iterable[str]) -> bool:
    """Whether all of `among` were built by the logic they have now, so that their unit tests have passed."""
    names = list(among)
    known = con.execute(
        "select count(*) from landing.built where name in (select unnest(?))", [names]
    )
    return known.fetchall()[0][0] == len(names) and not rewritten(con, current, names)


def stale(
    con: duckdb.DuckDBPyConnection,
    manifest: Manifest,
    current: dict[str, str],
    among: Iterable[str],
) -> list[str]:
    """The models of `among` that are missing from the warehouse or were built from something else."""
    built, there = recorded(con), set(present(con, manifest))
    return sorted(
        name
        for name in among
        # What is ephemeral is part of whoever reads it.
        if manifest.models[name].materialized != "ephemeral"
        and (built.get(name) != current[name] or name not in there)
    )


def present(con: duckdb.DuckDBPyConnection, manifest: Manifest) -> list[str]:
    """The models that are in the warehouse, up to date or not, by name."""
    tables = set(
        con.execute("select table_schema, table_name from information_schema.tables").fetchall()
    )
    return sorted(name for name, one in manifest.models.items() if (one.schema, name) in tables)


def in_order(manifest: Manifest) -> list[str]:
    """All model names, each after those that it reads."""
    return list(TopologicalSorter(manifest.reads()).static_order())


def recorded(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The fingerprint with which each name is on record."""
    return dict(con.execute("select name, fingerprint from landing.built").fetchall())


def state_of(fingerprints: Mapping[str, str], relations: Iterable[str]) -> str:
    """One mark for the state of several models (`schema.name`), which differs when one of theirs does."""
    return _digest(*(fingerprints.get(one.split(".")[-1], "") for one in sorted(relations)))


def record(
    con: duckdb.DuckDBPyConnection, current: dict[str, str], names: Iterable[str], now: datetime
) -> None:
    """Put on record that `names` were built in the state of `current`."""
    with transaction(con):
        for name in names:
            con.execute("delete from landing.built where name = ?", [name])
            con.execute(
                "insert into landing.built values (?, ?, ?)", [name, current[name], naive(now)]
            )


def _batches(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], int]:
    """The newest batch of each landed table, by source and name."""
    rows = con.execute(
        "select source, table_name, max(batch) from landing.files where rows_loaded > 0 group by all"
    ).fetchall()
    return {(source, table): batch for source, table, batch in rows}


def _source_state(
    con: duckdb.DuckDBPyConnection, source: Source, batches: Mapping[tuple[str, str], int]
) -> str:
    """What a source holds, told by something that moves whenever its rows do."""
    match source.schema, source.name:
        case "raw_millrace", "clock":
            query = "select cast(max(as_of) as varchar) from raw_millrace.clock"
        case "ml", name:
            # The order of rows does not matter, and no row's text is kept.
            query = f"select count(*) || ':' || coalesce(bit_xor(hash(t)), 0) from ml.{name} as t"
        case "raw_millrace", "erased_addresses":
            query = (
                "select concat_ws(':', count(*), max(erased_at)) from raw_millrace.erased_addresses"
            )
        case "journeys", ("ahead" | "backtests") as name:
            query = (
                f"select count(*) || ':' || coalesce(bit_xor(hash(t)), 0) from journeys.{name} as t"
            )
        case "journeys", _:
            # One state for all of them: every change of a stay adds, takes or moves a row of one of these.
            query = (
                "select concat_ws(':', (select count(*) from journeys.enrollments), "
                "(select count(*) from journeys.transitions), (select count(*) from journeys.positions), "
                "(select count(*) from journeys.assignments), (select count(*) from journeys.achievements), "
                "(select count(*) from journeys.winners))"
            )
        case "raw_activations", "withheld":
            query = "select concat_ws(':', count(*), count(ended_at)) from raw_activations.withheld"
        case "activations", "outbox":
            query = (
                "select concat_ws(':', count(*), bit_xor(hash(message_id, state, reason, held_at, send_at))) "
                "from activations.outbox"
            )
        case "raw_activations", name:
            query = f"select concat_ws(':', count(*), max(batch)) from raw_activations.{name}"
        case _:
            return _digest(source.unique_id, str(batches.get((source.source, source.name))))
    return _digest(source.unique_id, str(con.execute(query).fetchall()[0][0]))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
