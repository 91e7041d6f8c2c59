"""A stand-in for HubSpot: 207 with trace ids, or one conflict that fails the whole batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.activations.scripted import Answer, Kind, Throttle, Vendor, sent_json

ID_PROPERTIES = {
    "contacts": "email",
    "companies": "millrace_company_id",
    "deals": "millrace_deal_id",
    "tasks": "millrace_task_id",
}


@dataclass
class HubSpot(Vendor):
    """Deals by their unique property."""

    deals: dict[str, dict[str, Any]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    whole_batch_conflict: bool = False
    ties: set[tuple[str, str, str]] = field(default_factory=set)

    def state(self) -> dict[str, Any]:
        return self.deals

    def handle(self, request: requests.PreparedRequest) -> Answer:
        if request.headers["Authorization"] != "Bearer hub-secret":
            return 401, {}, {"message": "no"}
        if request.method == "GET":
            return 200, {}, {"hasUniqueValue": True}
        path = urlsplit(str(request.url)).path
        if path.startswith("/crm/v4/associations/"):
            sent = sent_json(request)["inputs"]
            pairs = [one for one in sent if one["to"]["id"] not in self.bad_keys]
            self.ties |= {(path.split("/")[5], one["from"]["id"], one["to"]["id"]) for one in pairs}
            done = {"status": "COMPLETE", "results": pairs}
            if len(pairs) == len(sent):
                return 200, {}, done
            words = {"category": "OBJECT_NOT_FOUND", "message": "no such object", "context": {}}
            return 207, {}, {**done, "numErrors": 1, "errors": [words]}
        action = path.rsplit("/", 1)[-1]
        inputs = sent_json(request)["inputs"]
        assert 0 < len(inputs) <= 100
        if action == "archive":
            gone = {item["id"] for item in inputs}
            for key in [key for key, number in self.ids.items() if number in gone]:
                del self.deals[key], self.ids[key]
            return 204, {}, None
        bad = [item for item in inputs if item["id"] in self.bad_keys]
        if bad and self.whole_batch_conflict:
            return (
                409,
                {},
                {"status": "error", "category": "CONFLICT", "message": "a value exists already"},
            )
        results = []
        for item in inputs:
            if item in bad:
                continue
            assert item["idProperty"] == ID_PROPERTIES[path.split("/")[4]]
            number = self.ids.setdefault(item["id"], str(9000 + len(self.ids)))
            self.deals.setdefault(item["id"], {}).update(item["properties"])
            results.append(
                {"id": number, "properties": {}, "objectWriteTraceId": item["objectWriteTraceId"]}
            )
        errors = [
            {
                "status": "error",
                "category": "VALIDATION_ERROR",
                "message": f"{item['properties'].get('dealname')} is not a valid name",
                "context": {"objectWriteTraceId": [item["objectWriteTraceId"]]},
            }
            for item in bad
        ]
        done = {"status": "COMPLETE", "results": results}
        return (
            (207, {}, {**done, "numErrors": len(errors), "errors": errors})
            if errors
            else (200, {}, done)
        )


@dataclass
class Lists(Vendor):
    """Static lists of records; ids that are no record are named, not refused."""

    members: set[tuple[str, str]] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)  # lists

    def state(self) -> dict[str, Any]:
        return {record: {"list_id": name} for name, record in self.members}

    def foreign(self) -> str | None:
        self.members.add(("12", "1"))
        return "1"

    def handle(self, request: requests.PreparedRequest) -> Answer:
        path = urlsplit(str(request.url)).path.split("/")
        if request.method == "GET":
            return 200, {}, {"lists": []}
        assert (path[3], path[5:]) == ("lists", ["memberships", "add-and-remove"])
        if path[4] in self.deleted:
            return 404, {}, {"category": "OBJECT_NOT_FOUND", "message": "List does not exist"}
        sent = sent_json(request)
        missing = [one for one in sent["recordIdsToAdd"] if one in self.bad_keys]
        self.members -= {(path[4], one) for one in sent["recordIdsToRemove"]}
        self.members |= {(path[4], one) for one in sent["recordIdsToAdd"] if one not in missing}
        return 200, {}, {"recordsIdsAdded": [], "recordIdsMissing": missing}


def sample(number: int) -> dict[str, Any]:
    return {
        "deal_id": f"D{number}",
        "dealname": f"Dealname {number}",
        "amount": 100.5 + number,
        "win_probability": 0.25,
    }


def contact(number: int) -> dict[str, Any]:
    return {
        "email": f"person{number}@example.com",
        "firstname": f"Firstname{number}",
        "score": number,
    }


def task(number: int) -> dict[str, Any]:
    return {
        "task_id": f"T{number}",
        "hs_task_subject": f"Call person{number}@example.com",
        "hs_timestamp": "2026-07-01 09:00:00",
        "hubspot_contact_id": str(500 + number),
    }


def member(number: int) -> dict[str, Any]:
    return {"member_id": f"M{number}", "list_id": "12", "record_id": str(7000 + number)}


ENVIRON = {"MILLRACE_HUBSPOT_TOKEN": "hub-secret"}
KINDS = (
    Kind(
        destination="hubspot",
        object="deal",
        key="deal_id",
        mode="upsert",
        columns={
            "deal_id": "varchar",
            "dealname": "varchar",
            "amount": "double",
            "win_probability": "double",
        },
        vendor=HubSpot,
        sample=sample,
        changing="amount",
        environ=ENVIRON,
        secrets=("MILLRACE_HUBSPOT_TOKEN",),
        alike=("company",),
        long="dealname",
        private=("dealname",),
        removal="archive",
        throttles=(
            Throttle(429, 10, {"Retry-After": "10"}, {"policyName": "TEN_SECONDLY_ROLLING"}),
            Throttle(423, 2, {}, {"category": "LOCKED"}),
            Throttle(477, 30, {"Retry-After": "30"}),
        ),
    ),
    Kind(
        destination="hubspot",
        object="contact",
        key="email",
        mode="upsert",
        columns={"email": "varchar", "firstname": "varchar", "score": "bigint"},
        vendor=HubSpot,
        sample=contact,
        changing="score",
        environ=ENVIRON,
        secrets=("MILLRACE_HUBSPOT_TOKEN",),
        long="firstname",
        private=("email", "firstname"),
        removal="archive",
    ),
    Kind(
        destination="hubspot",
        object="task",
        key="task_id",
        mode="upsert",
        columns={
            "task_id": "varchar",
            "hs_task_subject": "varchar",
            "hs_timestamp": "timestamp",
            "hubspot_contact_id": "varchar",
        },
        vendor=HubSpot,
        sample=task,
        changing="hs_task_subject",
        environ=ENVIRON,
        secrets=("MILLRACE_HUBSPOT_TOKEN",),
        long="hs_task_subject",
        private=("hs_task_subject",),
        removal="archive",
    ),
    Kind(
        destination="hubspot",
        object="list_member",
        key="member_id",
        mode="upsert",
        columns={"member_id": "varchar", "list_id": "varchar", "record_id": "varchar"},
        vendor=Lists,
        sample=member,
        changing="list_id",
        environ=ENVIRON,
        secrets=("MILLRACE_HUBSPOT_TOKEN",),
        identity="record_id",
        removal="remove_from_list",
    ),
)
