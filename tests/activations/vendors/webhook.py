"""A receiver of signed webhooks that keeps the last row by key, and refuses some by their place."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.activations.scripted import Answer, Kind, Throttle, Vendor, sent_json

KEY = b"a-secret-of-32-bytes-for-webhooks"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


@dataclass
class Receiver(Vendor):
    """Rows by key."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)

    def state(self) -> dict[str, Any]:
        return self.rows

    def foreign(self) -> str | None:
        self.rows["foreign"] = {}
        return "foreign"

    def handle(self, request: requests.PreparedRequest) -> Answer:
        if request.method == "GET":
            return 405, {}, {"message": "post here"}
        assert isinstance(request.body, bytes)
        head = request.headers
        text = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + request.body
        expected = base64.b64encode(hmac.new(KEY, text, hashlib.sha256).digest()).decode()
        assert head["webhook-signature"] == f"v1,{expected}"
        results = []
        for place, row in enumerate(sent_json(request)["rows"]):
            if row["key"] in self.bad_keys:
                results.append({"index": place, "status": 422, "error": f"{row['key']} is unknown"})
            elif row["operation"] == "remove":
                self.rows.pop(row["key"], None)
            else:
                self.rows.setdefault(row["key"], {}).update(row["fields"])
        return (207, {}, {"results": results}) if results else (204, {}, None)


KINDS = (
    Kind(
        destination="webhook",
        object="row",
        key="row_id",
        mode="upsert",
        columns={"row_id": "varchar", "email": "varchar", "note": "varchar", "score": "bigint"},
        vendor=Receiver,
        sample=lambda number: {
            "row_id": f"r{number}",
            "email": f"person{number}@example.com",
            "note": "x",
            "score": number,
        },
        changing="score",
        environ={
            "MILLRACE_SIGNED_WEBHOOK_URL": "https://hooks.example/in?from=shop",
            "MILLRACE_SIGNED_WEBHOOK_SECRET": SECRET,
        },
        secrets=("MILLRACE_SIGNED_WEBHOOK_SECRET",),
        long="note",
        private=("email",),
        throttles=(Throttle(429, 2, {"Retry-After": "2"}),),
    ),
)
