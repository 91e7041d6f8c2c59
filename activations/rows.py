"""Rows of a plan on their way to a connector: written into the ledger as one text, read back as `Row`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from activations.connector import Row

CHUNK = 10_000
KEPT = ("seq", "key_hash", "operation", "contact_id", "attempt")


def row_of(record: Mapping[str, Any]) -> Row:
    """A ledger row as the connector sees it."""
    bundle = json.loads(record["payload"])
    return Row(
        seq=record["seq"],
        key_hash=record["key_hash"],
        operation=record["operation"],
        payload=bundle["payload"],
        changed=tuple(bundle["changed"]),
        before=bundle["before"],
        vendor_id=bundle["vendor_id"],
    )


def intents(rows: pa.Table) -> Iterator[dict[str, Any]]:
    """The rows of a plan as the ledger keeps them; `payload` bundles all that the connector needs."""
    for batch in rows.to_batches(max_chunksize=CHUNK):
        for row in batch.to_pylist():
            bundle = {
                "payload": json.loads(row["payload"]),
                "changed": row["changed_columns"] or [],
                "before": json.loads(row["before"] or "{}"),
                "vendor_id": row["vendor_id"],
            }
            yield {**{name: row[name] for name in KEPT}, "payload": json.dumps(bundle)}
