"""Knows which dbt models are out of date: those whose definition, inputs or clock changed since they were last built.

Every model has a fingerprint of all that can change its rows: `<logic>.<data>`. The logic is its own text, the macros
it calls and the logic of what it reads; the data is the newest batch of each source and the moment in the clock's row.
An incremental model whose logic changed is built anew, for its old rows were made by the old logic.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from graphlib import TopologicalSorter

import duckdb

from warehouse.clock import naive
from warehouse.connection import transaction
from warehouse.manifest import MEMBERSHIPS, Manifest, Source
from warehouse.settings import Settings


def fingerprints(
    con: duckdb.DuckDBPyConnection, settings: Settings, manifest: Manifest
) -> dict[str, str]:
    """The fingerprint that each model would have if it were built now, by model name."""
    project = _digest((settings.dbt_project / "dbt_project.yml").read_text(encoding="utf-8"))
    known = {
        source.unique_id: (_digest(source.unique_id), _source_state(con, source))
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
    built = dict(con.execute("select name, fingerprint from landing.built").fetchall())
    outgrown = [
        name
        for name in among
        if manifest.models[name].materialized == "incremental"
        and not manifest.models[name].meta.get("keeps_history")
        and name in built
        and built[name].split(".")[0] != current[name].split(".")[0]
    ]
    for name in outgrown:
        con.execute(f"drop table if exists {manifest.models[name].relation}")
    return outgrown


def stale(
    con: duckdb.DuckDBPyConnection,
    manifest: Manifest,
    current: dict[str, str],
    among: Iterable[str],
) -> list[str]:
    """The models of `among` that are missing from the warehouse or were built from something else."""
    built = dict(con.execute("select name, fingerprint from landing.built").fetchall())
    present = set(
        con.execute("select table_schema, table_name from information_schema.tables").fetchall()
    )
    return sorted(
        name
        for name in among
        # What is ephemeral is part of whoever reads it.
        if manifest.models[name].materialized != "ephemeral"
        and (
            built.get(name) != current[name] or (manifest.models[name].schema, name) not in present
        )
    )


def in_order(manifest: Manifest) -> list[str]:
    """All model names, each after those that it reads."""
    by_id = {model.unique_id: model for model in manifest.models.values()}
    reads = {
        model.name: sorted(by_id[parent].name for parent in model.depends_on if parent in by_id)
        for model in manifest.models.values()
    }
    return list(TopologicalSorter(reads).static_order())


def phases(manifest: Manifest, names: Iterable[str]) -> list[list[str]]:
    """`names` as one or two dbt builds: what reads the memberships comes after the segments that record them."""
    wanted = set(names)
    late_ids = {manifest.models[MEMBERSHIPS].unique_id} if MEMBERSHIPS in manifest.models else set()
    grown = True
    while grown:
        more = {
            model.unique_id
            for model in manifest.models.values()
            if late_ids & set(model.depends_on) and model.unique_id not in late_ids
        }
        late_ids |= more
        grown = bool(more)
    late = {model.name for model in manifest.models.values() if model.unique_id in late_ids}
    return [part for part in (sorted(wanted - late), sorted(wanted & late)) if part]


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


def _source_state(con: duckdb.DuckDBPyConnection, source: Source) -> str:
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
        case "raw_activations", "receipts":
            query = "select cast(count(*) as varchar) from raw_activations.receipts"
        case _:
            rows = con.execute(
                "select cast(max(batch) as varchar) from landing.files "
                "where source = ? and table_name = ? and rows_loaded > 0",
                [source.source, source.name],
            ).fetchall()
            return _digest(source.unique_id, str(rows[0][0]))
    return _digest(source.unique_id, str(con.execute(query).fetchall()[0][0]))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
