"""A stand-in for Salesforce: collections answered in order, Bulk 2.0 jobs with their results as CSV."""

from __future__ import annotations

import csv
import io
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
    sent_form,
    sent_json,
)

DESCRIPTIONS = (
    "salesforce/salesforce-bulk-api-2-openapi.yml",
    "salesforce/salesforce-collections-api-openapi.yml",
    "salesforce/salesforce-composite-api-openapi.yml",
)
SERVERS = {
    DESCRIPTIONS[0]: "https://shop.my.salesforce.com/services/data/v64.0/jobs",
    DESCRIPTIONS[1]: "https://shop.my.salesforce.com/services",
    DESCRIPTIONS[2]: "https://shop.my.salesforce.com/services/data/v64.0",
}
NOT_DESCRIBED = r"^/services/oauth2/token$"
KEY = "Millrace_Id__c"


def correct(document: dict[str, Any]) -> None:
    """The file took the fields of its one example, an Account by its id, for the fields of every record."""
    record = document.get("components", {}).get("schemas", {}).get("Record7")
    if record:
        record["required"] = ["attributes"]
    upload = document["paths"].get("/ingest/{jobId}/batches")
    if upload:  # bytes are no JSON string to the validator, whatever they hold
        upload["put"]["requestBody"]["content"]["text/csv"]["schema"] = {}


@dataclass
class Salesforce(Vendor):
    """Records by external id."""

    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    failure: str = ""  # why jobs fail, after 2,000 records

    def state(self) -> dict[str, Any]:
        return self.records

    def foreign(self) -> str | None:
        self.put({KEY: "foreign"})
        return "foreign"

    def is_write(self, request: requests.PreparedRequest) -> bool:
        return request.method != "GET" and "oauth2" not in path_of(request)

    def put(self, fields: dict[str, Any]) -> str:
        key = fields[KEY]
        number = self.ids.setdefault(key, f"003{len(self.ids):015d}")
        self.records.setdefault(key, {}).update({n: v for n, v in fields.items() if n != KEY})
        return number

    def handle(self, request: requests.PreparedRequest) -> Answer:
        path = path_of(request)
        if path == "/services/oauth2/token":
            form = sent_form(request)
            assert form == {
                "grant_type": "client_credentials",
                "client_id": "client",
                "client_secret": "force-secret",
            }
            return 200, {}, {"access_token": "force-token"}
        if request.headers.get("Authorization") != "Bearer force-token":
            return 401, {}, [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired"}]
        parts = path.removeprefix("/services/data/v64.0/").split("/")
        match request.method, parts:
            case "GET", ["limits"]:
                return 200, {}, {"DailyApiRequests": {"Max": 100_000, "Remaining": 99_999}}
            case "PATCH", ["composite", "sobjects", thing, field_name]:
                assert field_name == KEY
                return 200, {}, self.collection(thing, sent_json(request)["records"])
            case "DELETE", ["composite", "sobjects"]:
                gone = query_of(request)["ids"].split(",")
                for key in [key for key, number in self.ids.items() if number in gone]:
                    del self.records[key], self.ids[key]
                return 200, {}, [{"id": number, "success": True, "errors": []} for number in gone]
            case _, ["jobs", "ingest", *rest]:
                return self.ingest(request, rest)
        return 404, {}, [{"errorCode": "NOT_FOUND", "message": "no such path"}]

    def collection(self, thing: str, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        assert 0 < len(records) <= 200
        results = []
        for record in records:
            assert record.pop("attributes") == {"type": thing}
            if record[KEY] in self.bad_keys:
                error = {
                    "statusCode": "INVALID_EMAIL_ADDRESS",
                    "message": "not valid",
                    "fields": [],
                }
                results.append({"success": False, "errors": [error]})
            else:
                results.append({"id": self.put(record), "success": True, "errors": []})
        return results

    def ingest(self, request: requests.PreparedRequest, rest: list[str]) -> Answer:
        match request.method, rest:
            case "POST", []:
                assert sent_json(request)["operation"] == "upsert"
                number = f"750{len(self.jobs):015d}"
                self.jobs[number] = {"looks": 0, "good": [], "bad": []}
                return 200, {}, {"id": number, "state": "Open"}
            case "PUT", [number, "batches"]:
                assert isinstance(request.body, bytes)
                for record in csv.DictReader(io.StringIO(request.body.decode())):
                    if record[KEY] in self.bad_keys:
                        error = "INVALID_EMAIL_ADDRESS:not valid:Email --"
                        self.jobs[number]["bad"].append(
                            {"sf__Id": "", "sf__Error": error, **record}
                        )
                        continue
                    sent = {n: None if v == "#N/A" else v for n, v in record.items() if v}
                    new = {"sf__Id": self.put(sent), "sf__Created": "true", **record}
                    self.jobs[number]["good"].append(new)
                return 201, {}, None
            case "PATCH", [number]:
                assert sent_json(request) == {"state": "UploadComplete"}
                return 200, {}, {"id": number, "state": "UploadComplete"}
            case "GET", [number]:
                self.jobs[number]["looks"] += 1
                done = self.jobs[number]["looks"] > 1
                if done and self.failure:
                    del self.jobs[number]["good"][2_000:]
                    said = {"state": "Failed", "errorMessage": self.failure}
                    return 200, {}, {"id": number, **said}
                return 200, {}, {"id": number, "state": "JobComplete" if done else "InProgress"}
            case "GET", [number, "successfulResults" | "failedResults" as which]:
                rows = self.jobs[number]["good" if which == "successfulResults" else "bad"]
                out = io.StringIO()
                writer = csv.DictWriter(out, list(rows[0]) if rows else ["sf__Id", "sf__Error"])
                writer.writeheader()
                writer.writerows(rows)
                return 200, {"Content-Type": "text/csv"}, out.getvalue()
        return 404, {}, [{"errorCode": "NOT_FOUND", "message": "no such job"}]


def sample(number: int) -> dict[str, Any]:
    return {
        KEY: f"c{number}",
        "Email": f"person{number}@example.com",
        "LastName": f"Lastname{number}",
        "Score__c": number,
    }


LIMIT = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
KINDS = (
    Kind(
        destination="salesforce",
        object="Contact",
        key=KEY,
        mode="upsert",
        columns={KEY: "varchar", "Email": "varchar", "LastName": "varchar", "Score__c": "bigint"},
        vendor=Salesforce,
        sample=sample,
        changing="Score__c",
        environ={
            "MILLRACE_SALESFORCE_URL": "https://shop.my.salesforce.com",
            "MILLRACE_SALESFORCE_CLIENT_ID": "client",
            "MILLRACE_SALESFORCE_CLIENT_SECRET": "force-secret",
        },
        secrets=("MILLRACE_SALESFORCE_CLIENT_SECRET",),
        alike=("Account", "CampaignMember", "Lead", "Opportunity", "Task"),
        long="LastName",
        private=("Email", "LastName"),
        throttles=(Throttle(403, 900, {}, LIMIT),),
        meta={"budget_seconds": 4000},
    ),
)
