"""Knows which of dbt's seeds are out of date in a warehouse: those whose file or column types it was not given."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import duckdb

from warehouse.builds import record, recorded
from warehouse.clock import now
from warehouse.relations import has_table


def due(con: duckdb.DuckDBPyConnection, manifest: Any) -> dict[str, str]:
    """The seeds of dbt's `manifest` to load, by unique id, each with the mark to put on record once it is there."""
    known = recorded(con) if has_table(con, "landing", "built") else {}
    return {
        uid: mark
        for uid, mark in _marks(manifest).items()
        if known.get(_name(uid)) != mark
        or not has_table(con, (node := manifest.nodes[uid]).schema, node.alias)
    }


def remember(
    con: duckdb.DuckDBPyConnection,
    manifest: Any,
    marks: Mapping[str, str],
    passed: Mapping[str, bool],
) -> None:
    """Put on record the seeds that were loaded and whose tests all passed; `passed` says it of each node."""
    failed = [uid for uid, well in passed.items() if not well and uid in manifest.nodes]
    suspects = {name for uid in failed for name in manifest.nodes[uid].depends_on_nodes}
    good = {
        _name(uid): mark for uid, mark in marks.items() if passed.get(uid) and uid not in suspects
    }
    if good and has_table(con, "landing", "built"):
        record(con, good, sorted(good), now())


def _marks(manifest: Any) -> dict[str, str]:
    return {
        node.unique_id: hashlib.sha256(
            json.dumps([node.checksum.checksum, node.config.column_types], sort_keys=True).encode()
        ).hexdigest()[:32]
        for node in manifest.nodes.values()
        if node.resource_type == "seed"
    }


def _name(uid: str) -> str:
    return f"seed.{uid.split('.')[-1]}"
