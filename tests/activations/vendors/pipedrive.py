"""A stand-in for Pipedrive: no upsert, a search on a custom field, budgets of tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
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

KEY = "f" * 40


@dataclass
class Pipedrive(Vendor):
    """Records by number."""

    records: dict[int, dict[str, Any]] = field(default_factory=dict)
    still_found: dict[int, dict[str, Any]] = field(default_factory=dict)  # deleted a moment ago
    made: int = 0

    def state(self) -> dict[str, Any]:
        found = {one["custom_fields"][KEY]: one for one in self.records.values()}
        assert len(found) == len(self.records), "made twice"
        return found

    def foreign(self) -> str | None:
        self.made += 1
        self.records[self.made] = {"custom_fields": {KEY: "foreign"}}
        return "foreign"

    def handle(self, request: requests.PreparedRequest) -> Answer:
        assert request.headers["x-api-token"] == "pipe-secret"
        parts = path_of(request).removeprefix("/api/v2/").split("/")
        if parts[-1].isdigit() and int(parts[-1]) not in self.records:
            return 404, {}, {"success": False, "error": "Record not found"}
        match request.method, parts:
            case "GET", [_]:
                return 200, {}, {"data": []}
            case "GET", [_, "search"]:
                query = query_of(request)
                assert (query["fields"], query["exact_match"]) == ("custom_fields", "true")
                found = [
                    n
                    for n, one in {**self.still_found, **self.records}.items()
                    if query["term"].lower() in map(str.lower, one["custom_fields"].values())
                ]
                return 200, {}, {"data": {"items": [{"item": {"id": n}} for n in found]}}
            case "GET", [_, number]:
                return 200, {}, {"data": {"id": int(number), **self.records[int(number)]}}
            case "POST", [things]:
                sent = sent_json(request)
                assert sent["title" if things == "deals" else "name"], "a new record has a name"
                if sent["custom_fields"][KEY] in self.bad_keys:
                    return 400, {}, {"success": False, "error": f"{sent['name']} is not valid"}
                self.made += 1
                self.records[self.made] = sent
                return 201, {}, {"data": {"id": self.made}}
            case "PATCH", [_, number]:
                sent = sent_json(request)
                kept = self.records[int(number)]
                kept |= {
                    **sent,
                    "custom_fields": kept["custom_fields"] | sent.get("custom_fields", {}),
                }
                return 200, {}, {"data": {"id": int(number)}}
            case "DELETE", [_, number]:
                self.records.pop(int(number))
                return 200, {}, {"data": {"id": int(number)}}
        return 404, {}, {"error": "no such path"}


KINDS = (
    Kind(
        destination="pipedrive",
        object="person",
        key="person_key",
        mode="upsert",
        columns={
            "person_key": "varchar",
            "name": "varchar",
            "emails": "varchar",
            "label": "bigint",
        },
        vendor=Pipedrive,
        sample=lambda number: {
            "person_key": f"p{number}",
            "name": f"Firstname{number}",
            "emails": f"person{number}@example.com",
            "label": number,
        },
        changing="label",
        environ={
            "MILLRACE_PIPEDRIVE_TOKEN": "pipe-secret",
            "MILLRACE_PIPEDRIVE_KEY_FIELD_PERSON": KEY,
            "MILLRACE_PIPEDRIVE_KEY_FIELD_DEAL": KEY,
            "MILLRACE_PIPEDRIVE_KEY_FIELD_ORGANIZATION": KEY,
        },
        secrets=("MILLRACE_PIPEDRIVE_TOKEN",),
        alike=("deal", "organization"),
        long="name",
        private=("emails", "name"),
        throttles=(Throttle(429, 2, {"x-ratelimit-reset": "2"}, {"error": "rate limit"}),),
    ),
)
