"""Rows of a plan on their way to a connector: written into the ledger as one text, read back as `Row`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import pyarrow as pa

from activations.connector import Row

CHUNK = 10_000
SENT = ("seq", "key_hash", "operation", "payload")
KEPT = ("seq", "key_hash", "operation", "contact_id", "attempt")


def row_of(record: Mapping[str, Any]) -> Row:
    """A ledger row as the connector sees it."""
    return made(*(record[name] for name in SENT))


def made(seq: int, key_hash: str, operation: str, payload: str) -> Row:
    """A row from the columns `SENT` of the ledger."""
    bundle = orjson.loads(payload)
    return Row(
        seq,
        key_hash,
        operation,
        bundle["payload"],
        tuple(bundle["changed"]),
        bundle["before"],
        bundle["vendor_id"],
    )


def intents(rows: pa.Table) -> Iterator[dict[str, Any]]:
    """The rows of a plan as the ledger keeps them; `payload` bundles all that the connector needs."""
    for batch in rows.to_batches(max_chunksize=CHUNK):
        for row in batch.to_pylist():
            bundle = {
                "payload": orjson.Fragment(row["payload"]),
                "changed": row["changed_columns"] or [],
                "before": orjson.Fragment(row["before"] or "{}"),
                "vendor_id": row["vendor_id"],
            }
            yield {**{name: row[name] for name in KEPT}, "payload": orjson.dumps(bundle).decode()}
