"""A stand-in for HubSpot: 207 with trace ids, or one conflict that fails the whole batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.activations.scripted import Answer, Kind, Throttle, Vendor, sent_json


@dataclass
class HubSpot(Vendor):
    """Deals by their unique property."""

    deals: dict[str, dict[str, Any]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    whole_batch_conflict: bool = False

    def state(self) -> dict[str, Any]:
        return self.deals

    def handle(self, request: requests.PreparedRequest) -> Answer:
        if request.headers["Authorization"] != "Bearer hub-secret":
            return 401, {}, {"message": "no"}
        if request.method == "GET":
            return 200, {}, {"name": "millrace_deal_id", "hasUniqueValue": True}
        action = urlsplit(str(request.url)).path.rsplit("/", 1)[-1]
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
            assert item["idProperty"] == "millrace_deal_id"
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


def sample(number: int) -> dict[str, Any]:
    return {
        "deal_id": f"D{number}",
        "dealname": f"Dealname {number}",
        "amount": 100.5 + number,
        "win_probability": 0.25,
    }


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
        environ={"MILLRACE_HUBSPOT_TOKEN": "hub-secret"},
        secrets=("MILLRACE_HUBSPOT_TOKEN",),
        long="dealname",
        private=("dealname",),
        throttles=(
            Throttle(429, 10, {"Retry-After": "10"}, {"policyName": "TEN_SECONDLY_ROLLING"}),
        ),
    ),
)
