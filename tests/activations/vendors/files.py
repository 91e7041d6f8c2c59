"""A folder in memory: files by path; the last row by key is the state."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.activations.scripted import Answer, Kind, Vendor, path_of


@dataclass
class Folder(Vendor):
    """Files as they were put."""

    files: dict[str, bytes] = field(default_factory=dict)

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in sorted(self.files, key=lambda path: path.rpartition("/")[2]):
            for row in csv.DictReader(io.StringIO(self.files[name].decode())):
                if row["operation"] == "remove":
                    found.pop(row["row_id"], None)
                else:
                    found[row["row_id"]] = row
        return found

    def handle(self, request: requests.PreparedRequest) -> Answer:
        if request.method == "GET":
            return 200, {}, {"message": "there"}
        assert isinstance(request.body, bytes)
        self.files[path_of(request)] = request.body
        return 201, {}, {"bytes": len(request.body)}


KINDS = (
    Kind(
        destination="files",
        object="row",
        key="row_id",
        mode="upsert",
        columns={"row_id": "varchar", "email": "varchar", "note": "varchar", "score": "bigint"},
        vendor=Folder,
        sample=lambda number: {
            "row_id": f"r{number}",
            "email": f"person{number}@example.com",
            "note": "x",
            "score": number,
        },
        changing="score",
        environ={"MILLRACE_FILES_FOLDER": "exports"},
        secrets=(),
        long="note",
        private=("email",),
        refuses_rows=False,
    ),
)
