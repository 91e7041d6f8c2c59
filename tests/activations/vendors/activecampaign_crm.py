"""A stand-in for ActiveCampaign's deals, tasks and notes: never deduplicated, listed by what they hang on."""

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

DESCRIPTIONS = ("activecampaign/activecampaign-v3.json",)
SERVERS = {DESCRIPTIONS[0]: "https://shop.api-us1.com/api/3"}
NAMES = {"deals": ("deal", "title"), "dealTasks": ("dealTask", "title"), "notes": ("note", "note")}


@dataclass
class Crm(Vendor):
    """Records of one sort, by their text."""

    records: list[dict[str, Any]] = field(default_factory=list)
    made: int = 0

    def foreign(self) -> str | None:
        self.made += 1
        self.records.append({"id": str(self.made), "title": "foreign", "note": "foreign"})
        return "foreign"

    def state(self) -> dict[str, Any]:
        found = {one.get("title") or one["note"]: one for one in self.records}
        assert len(found) == len(self.records), "made twice"
        return found

    def handle(self, request: requests.PreparedRequest) -> Answer:
        assert request.headers["Api-Token"] == "ac-secret"
        parts = path_of(request).removeprefix("/api/3/").split("/")
        if request.method in ("PUT", "DELETE"):
            return self.by_id(request, *parts)
        if request.method == "GET" and parts[0] in NAMES and len(parts) == 2:
            return self.by_id(request, *parts)
        plural = parts[-1]
        name, text = NAMES[plural]
        if request.method == "GET":
            query = query_of(request)
            wanted = query.get("filters[title]")
            relid = parts[1] if parts[0] == "contacts" else query.get("filters[relid]")
            found = [
                one
                for one in self.records
                if (wanted is None or one.get("title") == wanted)
                and (relid is None or str(one.get("relid")) == relid)
            ]
            return 200, {}, {plural: found}
        sent = sent_json(request)[name]
        if sent[text] in self.bad_keys:
            return 422, {}, {"errors": [{"title": f"{sent[text]} is not valid"}]}
        self.made += 1
        made = {**sent, "id": str(self.made), "cdate": datetime.now(UTC).isoformat()}
        self.records.append(made)
        return 201, {}, {name: made}

    def by_id(self, request: requests.PreparedRequest, plural: str, number: str) -> Answer:
        there = [one for one in self.records if one["id"] == number]
        if not there:
            return 404, {}, {"message": f"No Result found for record with id {number}"}
        name, _ = NAMES[plural]
        if request.method == "DELETE":
            self.records.remove(there[0])
            return 200, {}, {}
        if request.method == "GET":
            return 200, {}, {name: there[0]}
        there[0].update(sent_json(request)[name])
        return 200, {}, {name: there[0]}


COMMON: dict[str, Any] = {
    "destination": "activecampaign_crm",
    "vendor": Crm,
    "mode": "upsert",
    "environ": {
        "MILLRACE_ACTIVECAMPAIGN_URL": "https://shop.api-us1.com",
        "MILLRACE_ACTIVECAMPAIGN_TOKEN": "ac-secret",
    },
    "secrets": ("MILLRACE_ACTIVECAMPAIGN_TOKEN",),
    "throttles": (Throttle(429, 3, {"Retry-After": "3"}),),
}
KINDS = (
    Kind(
        **COMMON,
        object="task",
        key="task_key",
        columns={
            "task_key": "varchar",
            "title": "varchar",
            "relid": "bigint",
            "ownerType": "varchar",
            "duedate": "date",
            "dealTasktype": "bigint",
            "note": "varchar",
        },
        sample=lambda number: {
            "task_key": f"t{number}",
            "title": f"Call person{number}@example.com",
            "relid": 500 + number,
            "ownerType": "contact",
            "duedate": "2026-07-02",
            "dealTasktype": 1,
            "note": "x",
        },
        changing="note",
        identity="title",
        long="note",
        private=("title",),
    ),
    Kind(
        **COMMON,
        object="deal",
        key="deal_key",
        columns={
            "deal_key": "varchar",
            "title": "varchar",
            "contact": "varchar",
            "value": "bigint",
            "currency": "varchar",
            "group": "varchar",
            "stage": "varchar",
            "owner": "varchar",
            "account": "varchar",
            "description": "varchar",
        },
        sample=lambda number: {
            "deal_key": f"d{number}",
            "title": f"Deal of person{number}@example.com",
            "contact": str(500 + number),
            "value": 45_678 + number,
            "currency": "EUR",
            "group": "1",
            "stage": "1",
            "owner": "1",
            "account": "1",
            "description": "x",
        },
        changing="description",
        identity="title",
        long="description",
        private=("title",),
    ),
    Kind(
        **COMMON,
        object="note",
        key="note_key",
        columns={
            "note_key": "varchar",
            "relid": "bigint",
            "note": "varchar",
            "reltype": "varchar",
        },
        sample=lambda number: {
            "note_key": f"n{number}",
            "relid": 500 + number,
            "note": f"Talked to person{number}@example.com",
            "reltype": "Subscriber",
        },
        changing="reltype",
        carries_values=False,
        identity="note",
        long="note",
        private=("note",),
    ),
)
