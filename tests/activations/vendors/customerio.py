"""A stand-in for Customer.io: batches answered 207, with errors by their place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.activations.scripted import Answer, Kind, Throttle, Vendor, path_of, sent_json


@dataclass
class CustomerIo(Vendor):
    """People by id, events by theirs."""

    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def state(self) -> dict[str, Any]:
        return self.things

    def foreign(self) -> str | None:
        self.things["foreign@example.com"] = {}
        return "foreign@example.com"

    def handle(self, request: requests.PreparedRequest) -> Answer:
        assert str(request.headers["Authorization"]).startswith("Basic ")
        if path_of(request) == "/api/v1/accounts/region":
            return 200, {}, {"region": "us"}
        assert path_of(request) == "/api/v2/batch"
        assert len(request.body or b"") < 500_000
        errors = []
        for place, item in enumerate(sent_json(request)["batch"]):
            key = next(iter(item["identifiers"].values()))
            if key in self.bad_keys:
                words = {"reason": "invalid", "field": "id", "message": f"{key} is not valid"}
                errors.append({"batch_index": place, **words})
            elif item["action"] == "delete":
                self.things.pop(key, None)
            elif item["action"] == "event":
                assert re.fullmatch(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", item["id"])
                if item["id"] not in self.seen:
                    self.seen.add(item["id"])
                    self.things[key] = item["attributes"]
            else:
                self.things.setdefault(key, {}).update(item["attributes"])
        return (207, {}, {"errors": errors}) if errors else (200, {}, {})


COMMON: dict[str, Any] = {
    "destination": "customerio",
    "vendor": CustomerIo,
    "environ": {"MILLRACE_CUSTOMERIO_SITE_ID": "site", "MILLRACE_CUSTOMERIO_TOKEN": "cio-secret"},
    "secrets": ("MILLRACE_CUSTOMERIO_TOKEN",),
    "throttles": (Throttle(429, 1),),
    "longest": 10_000,  # an operation holds 32 KB
}
KINDS = (
    Kind(
        **COMMON,
        object="person",
        key="email",
        mode="upsert",
        columns={"email": "varchar", "first_name": "varchar", "score": "bigint"},
        sample=lambda number: {
            "email": f"person{number}@example.com",
            "first_name": f"Firstname{number}",
            "score": number,
        },
        changing="score",
        long="first_name",
        private=("email", "first_name"),
    ),
    Kind(
        **COMMON,
        object="event",
        key="event_id",
        mode="append",
        columns={"event_id": "varchar", "person": "varchar", "name": "varchar", "note": "varchar"},
        sample=lambda number: {
            "event_id": f"e{number}",
            "person": f"person{number}@example.com",
            "name": "scored",
            "note": "x",
        },
        changing="note",
        identity="person",
        long="note",
        private=("person",),
    ),
)
