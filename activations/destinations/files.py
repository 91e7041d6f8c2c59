"""CSV or Parquet files in a folder: what was created, changed and removed, one file a batch.

No vendor. A file appears whole or not at all, below `<folder>/<sync>/`, named after the moment and its content; every
row is complete, with `operation` (create, update, remove) and `written_at`. The last row by key is the state, so a
batch that is written twice changes nothing.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
import requests
from requests.adapters import BaseAdapter
from typing_extensions import override

from activations import answers
from activations.connector import Call, Connector, Limits, Outcome, Request, Row
from activations.errors import DefinitionError
from activations.folder import FolderAdapter

# Ours to say: large enough for few files, small enough to hold in memory twice.
BATCH = Limits("file", max_rows=100_000, max_bytes=50_000_000)
FORMATS = ("csv", "parquet")
OWN = ("operation", "written_at")


class Files(Connector):
    """Rows of any shape."""

    name = "files"
    channel = "files"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {
        "row": frozenset({"upsert", "mirror", "append"})
    }
    separate = frozenset({"row"})
    removals = frozenset({"remove"})
    needs = ("MILLRACE_FILES_FOLDER",)
    limits = BATCH
    replay_safe = True

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        self.base_url = Path(environ["MILLRACE_FILES_FOLDER"]).absolute().as_uri()
        self._format = environ.get("MILLRACE_FILES_FORMAT") or "csv"
        if self._format not in FORMATS:
            raise DefinitionError(f"MILLRACE_FILES_FORMAT must be one of {', '.join(FORMATS)}")

    @property
    @override
    def secrets(self) -> tuple[str, ...]:
        return ()

    @override
    def authorise(self, session: requests.Session) -> None:
        return

    @override
    def transport(self) -> BaseAdapter | None:
        return FolderAdapter()

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", "/"))

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        return {"operation": row.operation, "written_at": self.now().isoformat(), **row.payload}

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        records = [self.encoded(row) for row in rows]
        moment = self.now().strftime("%Y%m%dT%H%M%S.%f")
        body = self._parquet(records) if self._format == "parquet" else self._csv(records)
        name = f"{moment}-{hashlib.sha256(body).hexdigest()[:12]}.{self._format}"
        request = Request("PUT", f"/{self.target.sync}/{name}", content=body)
        answers.body(call(request))
        yield from (Outcome(row.seq, "acked") for row in rows)

    @property
    def _columns(self) -> list[str]:
        others = [name for name in self.target.columns if name != self.target.key]
        return [*OWN, self.target.key, *others]

    def _csv(self, records: Sequence[Mapping[str, Any]]) -> bytes:
        out = io.StringIO()
        writer = csv.DictWriter(out, self._columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)
        return out.getvalue().encode()

    def _parquet(self, records: Sequence[Mapping[str, Any]]) -> bytes:
        table = pa.table({name: [r.get(name) for r in records] for name in self._columns})
        for place, name in enumerate(table.column_names):
            if pa.types.is_null(table.schema.field(name).type):  # nothing but empty cells
                table = table.set_column(place, name, table[name].cast(pa.string()))
        out = io.BytesIO()
        pq.write_table(table, out)
        return out.getvalue()
