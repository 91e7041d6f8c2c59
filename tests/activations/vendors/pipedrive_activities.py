"""A stand-in for Pipedrive's activities: never deduplicated, listed by what they hang on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests

from tests.activations.scripted import (
    Answer,
    Kind,
    Throttle,
    Vendor,
    path_of,
    query_of,
    sent_json,
)


@dataclass
class Activities(Vendor):
    """Activities by number."""

    records: dict[int, dict[str, Any]] = field(default_factory=dict)
    made: int = 0

    def state(self) -> dict[str, Any]:
        found = {one["subject"]: one for one in self.records.values()}
        assert len(found) == len(self.records), "made twice"
        return found

    def foreign(self) -> str | None:
        self.add({"subject": "foreign"})
        return "foreign"

    def add(self, sent: dict[str, Any]) -> dict[str, Any]:
        self.made += 1
        at = datetime.now(UTC).isoformat()
        self.records[self.made] = {**sent, "id": self.made, "add_time": at}
        return self.records[self.made]

    def sent(self, request: requests.PreparedRequest) -> dict[str, Any]:
        """What was sent, as the vendor shows it: the person is that of the first participant."""
        body = sent_json(request)
        assert "person_id" not in body, "'person_id' is a read-only field"
        for one in body.pop("participants", []):
            assert set(one) == {"person_id", "primary"} and isinstance(one["person_id"], int)
            body["person_id"] = one["person_id"]
        return dict(body)

    def handle(self, request: requests.PreparedRequest) -> Answer:
        assert request.headers["x-api-token"] == "pipe-secret"
        match request.method, path_of(request).removeprefix("/api/v2/").split("/"):
            case "GET", ["activities"]:
                wanted = query_of(request).get("person_id")
                found = [
                    one
                    for one in self.records.values()
                    if wanted is None or str(one.get("person_id")) == wanted
                ]
                return 200, {}, {"success": True, "data": found}
            case "POST", ["activities"]:
                sent = self.sent(request)
                assert all(value is not None for value in sent.values())
                if sent["subject"] in self.bad_keys:
                    return 400, {}, {"success": False, "error": f"{sent['subject']} is not valid"}
                return 201, {}, {"success": True, "data": self.add(sent)}
            case (("GET" | "PATCH" | "DELETE"), ["activities", number]):
                if int(number) not in self.records:
                    return 404, {}, {"success": False, "error": "Activity not found"}
                if request.method == "GET":
                    return 200, {}, {"success": True, "data": self.records[int(number)]}
                if request.method == "DELETE":
                    del self.records[int(number)]
                    return 200, {}, {"success": True, "data": {"id": int(number)}}
                self.records[int(number)].update(self.sent(request))
                return 200, {}, {"success": True, "data": self.records[int(number)]}
        return 404, {}, {"success": False, "error": "no such path"}


KINDS = (
    Kind(
        destination="pipedrive_activities",
        object="activity",
        key="task_key",
        mode="upsert",
        columns={
            "task_key": "varchar",
            "subject": "varchar",
            "type": "varchar",
            "due_date": "date",
            "person_id": "bigint",
            "note": "varchar",
        },
        vendor=Activities,
        sample=lambda number: {
            "task_key": f"t{number}",
            "subject": f"Call person{number}@example.com",
            "type": "call",
            "due_date": "2026-07-02",
            "person_id": 500 + number,
            "note": "x",
        },
        changing="note",
        environ={"MILLRACE_PIPEDRIVE_TOKEN": "pipe-secret"},
        secrets=("MILLRACE_PIPEDRIVE_TOKEN",),
        identity="subject",
        long="note",
        private=("subject",),
        throttles=(Throttle(429, 2, {"Retry-After": "2"}),),
    ),
)
