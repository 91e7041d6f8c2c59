"""How long dbt takes to build every model, in full and after one more day, beside the same SQL run bare."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.measure import timed
from benchmarks.shop import settings
from warehouse.builds import in_order
from warehouse.connection import configure
from warehouse.dialect import ident, literal
from warehouse.due import build_due
from warehouse.manifest import load_manifest
from warehouse.transform import NodeResult

KINDS = {"table": "table", "view": "view", "incremental": "table"}


@dataclass(frozen=True)
class Built:
    """What one build did: seconds by the wall and of all processors, models built, and how each node went."""

    seconds: float
    cpu_seconds: float
    models: int
    nodes: tuple[NodeResult, ...]

    @property
    def failed(self) -> list[NodeResult]:
        """Nodes that neither passed nor were skipped."""
        return [node for node in self.nodes if not node.passed]

    def slowest(self, kind: str, count: int = 12) -> list[NodeResult]:
        """The nodes of a kind that took longest."""
        chosen = [node for node in self.nodes if node.kind == kind]
        return sorted(chosen, key=lambda node: -node.seconds)[:count]


def ours(home: Path, deciding: bool = False) -> Built:
    """Build whatever is out of date, or only what decides, with its tests, and put it on record."""
    installation = settings(home)
    manifest = load_manifest(installation)
    among = list(manifest.deciding() if deciding else manifest.models)
    with timed() as whole:
        built = build_due(installation, manifest, among)
    return Built(whole.seconds, whole.cpu_seconds, len(built.names), tuple(built.results))


def plain(home: Path, loaded: Path) -> float:
    """Seconds of the lower bound: the SQL that dbt compiled, statement by statement on `loaded`, no tests.

    `loaded` is a copy of the warehouse from before the build; seeds and the record of memberships, which no model
    makes, are copied from the one at `home`.
    """
    installation = settings(home)
    manifest = load_manifest(installation, refresh=False)
    folder = installation.dbt_target / "compiled"
    with duckdb.connect(str(loaded)) as con:
        configure(con, installation)
        con.execute(f"attach {literal(installation.database)} as built (read_only)")
        _copy_missing(con, {model.relation for model in manifest.models.values()})
        for schema in {model.schema for model in manifest.models.values()}:
            con.execute(f"create schema if not exists {ident(schema)}")
        with timed() as whole:
            for name in in_order(manifest):
                model = manifest.models[name]
                if kind := KINDS.get(model.materialized):
                    query = (folder / model.path).read_text(encoding="utf-8")
                    con.execute(f"create or replace {kind} {model.relation} as {query}")
            con.execute("checkpoint")
    return whole.seconds


def _copy_missing(con: duckdb.DuckDBPyConnection, models: set[str]) -> None:
    query = (
        "select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE' "
        "and table_catalog = "
    )
    present = set(con.execute(query + "current_database()").fetchall())
    for schema, table in set(con.execute(query + "'built'").fetchall()) - present:
        name = ident(schema, table)
        if name not in models:
            con.execute(f"create schema if not exists {ident(schema)}")
            con.execute(f"create table {name} as from built.{name}")


def keep_copy(home: Path) -> Path:
    """A copy of the warehouse as it is; its file has the same name, which compiled SQL spells out."""
    source = settings(home).database
    target = home / "plain" / source.name
    target.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy2(source, target))
