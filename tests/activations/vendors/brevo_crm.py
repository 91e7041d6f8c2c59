"""A stand-in for Brevo's deals, tasks and notes: never deduplicated, changed by their id."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests

from tests.activations.scripted import Answer, Kind, Throttle, Vendor, path_of, sent_json

DESCRIPTIONS = ("brevo/swagger_definition_v3.yml",)


@dataclass
class Crm(Vendor):
    """Records of one sort, by their text."""

    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    made: int = 0

    def state(self) -> dict[str, Any]:
        found = {
            one.get("name") or one["text"]: {**one, **one.get("attributes", {})}
            for one in self.records.values()
        }
        assert len(found) == len(self.records), "made twice"
        return found

    def foreign(self) -> str | None:
        return self.add({"name": "foreign", "text": "foreign"}) and "foreign"

    def add(self, sent: dict[str, Any]) -> str:
        self.made += 1
        number = f"{self.made:024x}"
        self.records[number] = {**sent, "createdAt": datetime.now(UTC).isoformat()}
        return number

    def handle(self, request: requests.PreparedRequest) -> Answer:
        assert request.headers["api-key"] == "brevo-secret"
        if path_of(request) == "/v3/account":
            return 200, {}, {"email": "shop@example.com"}
        parts = path_of(request).removeprefix("/v3/crm/").split("/")
        match request.method, parts:
            case "GET", [thing]:
                return 200, {}, {"items": [self.shown(n, thing) for n in reversed(self.records)]}
            case "POST", [thing]:
                sent = sent_json(request)
                text = sent.get("name") or sent["text"]
                if text in self.bad_keys:
                    return 400, {}, {"code": "invalid_parameter", "message": f"{text} is not valid"}
                return 200 if thing == "notes" else 201, {}, {"id": self.add(sent)}
            case (("GET" | "PATCH" | "DELETE"), [thing, number]):
                if number not in self.records:
                    return 404, {}, {"message": "Document not found"}
                if request.method == "GET":
                    return 200, {}, self.shown(number, thing)
                if request.method == "DELETE":
                    del self.records[number]
                else:
                    sent = sent_json(request)
                    held = self.records[number]
                    attributes = {**held.get("attributes", {}), **sent.pop("attributes", {})}
                    held.update(sent, **({"attributes": attributes} if attributes else {}))
                return 204, {}, None
        return 404, {}, {"message": "no such path"}

    def shown(self, number: str, thing: str) -> dict[str, Any]:
        one = self.records[number]
        if thing != "deals":
            return {"id": number, **one}
        told = {"deal_name": one["name"], "created_at": one["createdAt"]}
        return {"id": number, "attributes": {**one.get("attributes", {}), **told}}


COMMON: dict[str, Any] = {
    "destination": "brevo_crm",
    "vendor": Crm,
    "mode": "upsert",
    # At the vendor's 100 an hour a test of 130 rows would wait longer than a run may take.
    "environ": {"MILLRACE_BREVO_TOKEN": "brevo-secret", "MILLRACE_BREVO_CRM_RATE_SCALE": "10"},
    "secrets": ("MILLRACE_BREVO_TOKEN",),
    "throttles": (Throttle(429, 3, {"Retry-After": "3"}),),
}
KINDS = (
    Kind(
        **COMMON,
        object="deal",
        key="deal_key",
        columns={
            "deal_key": "varchar",
            "name": "varchar",
            "amount": "bigint",
            "linkedContactsIds": "varchar",
        },
        sample=lambda number: {
            "deal_key": f"d{number}",
            "name": f"Deal of person{number}@example.com",
            "amount": 100 + number,
            "linkedContactsIds": f"{500 + number}, 7",
        },
        changing="amount",
        identity="name",
        private=("name",),
    ),
    Kind(
        **COMMON,
        object="task",
        key="task_key",
        columns={
            "task_key": "varchar",
            "name": "varchar",
            "taskTypeId": "varchar",
            "date": "timestamp",
            "notes": "varchar",
            "contactsIds": "varchar",
        },
        sample=lambda number: {
            "task_key": f"t{number}",
            "name": f"Call person{number}@example.com",
            "taskTypeId": "61a5cd07ca1347c82306ad09",
            "date": "2026-07-02 09:00:00",
            "notes": "x",
            "contactsIds": str(500 + number),
        },
        changing="notes",
        identity="name",
        long="notes",
        private=("name",),
    ),
    Kind(
        **COMMON,
        object="note",
        key="note_key",
        columns={"note_key": "varchar", "text": "varchar", "contactIds": "varchar"},
        sample=lambda number: {
            "note_key": f"n{number}",
            "text": f"Talked to person{number}@example.com",
            "contactIds": str(500 + number),
        },
        changing="contactIds",
        carries_values=False,
        identity="text",
        private=("text",),
    ),
)
