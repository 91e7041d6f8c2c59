"""A stand-in for SendGrid's contacts: jobs that finish at the second look and count their failures."""

from __future__ import annotations

import gzip
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

FILES = "https://files.example"
NOT_DESCRIBED = r"^/[0-9-]+\.csv\.gz$"
DESCRIPTIONS = ("sendgrid/tsg_mc_contacts_v3.json", "sendgrid/tsg_mc_custom_fields_v3.json")


@dataclass
class SendGrid(Vendor):
    """Contacts by lower-cased e-mail."""

    contacts: dict[str, dict[str, Any]] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)  # title by id
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    reserved: list[dict[str, Any]] = field(default_factory=list)
    file: bytes = b""  # whom the last job refused
    has_files: bool = True

    def state(self) -> dict[str, Any]:
        return {
            email: {self.fields.get(n, n): v for n, v in one.items() if n != "id"}
            for email, one in self.contacts.items()
        }

    def foreign(self) -> str | None:
        self.contacts["foreign@example.com"] = {"id": "c0"}
        return "foreign@example.com"

    def is_write(self, request: requests.PreparedRequest) -> bool:
        return path_of(request) == "/v3/marketing/contacts" and request.method != "GET"

    def handle(self, request: requests.PreparedRequest) -> Answer:
        if str(request.url).startswith(FILES):
            assert "Authorization" not in request.headers, "the file's host would learn the key"
            return (200, {}, self.file) if self.has_files else (403, {}, "<Error/>")
        assert request.headers["Authorization"] == "Bearer grid-secret"
        parts = path_of(request).removeprefix("/v3/marketing/").split("/")
        match request.method, parts:
            case "GET", ["field_definitions"]:
                custom = [
                    {"id": n, "name": t, "field_type": "Text"} for n, t in self.fields.items()
                ]
                return 200, {}, {"custom_fields": custom, "reserved_fields": self.reserved}
            case "POST", ["field_definitions"]:
                sent = sent_json(request)
                if sent["name"] in {one["name"] for one in self.reserved}:
                    return 400, {}, {"errors": [{"message": "it is a reserved field"}]}
                number = f"e{len(self.fields) + 1}_T"
                self.fields[number] = sent["name"]
                return 200, {}, {"id": number, **sent}
            case "PUT", ["contacts"]:
                sent = sent_json(request)["contacts"]
                assert 0 < len(sent) <= 30_000
                assert len(request.body or b"") <= 6_000_000
                failed = 0
                bad = []
                for contact in sent:
                    if contact["email"] in self.bad_keys:
                        failed += 1
                        bad.append(contact["email"])
                        continue
                    email = contact["email"].lower()
                    kept = self.contacts.setdefault(email, {"id": f"c{len(self.contacts) + 1}"})
                    kept |= {
                        n: v for n, v in contact.items() if n not in ("email", "custom_fields")
                    }
                    kept |= contact.get("custom_fields", {})
                lines = "".join(f"{email},invalid\n" for email in bad)
                self.file = gzip.compress(f"EMAIL,ERROR\n{lines}".encode())
                return self.job(failed)
            case "POST", ["contacts", "search", "emails"]:
                emails = sent_json(request)["emails"]
                found = {
                    e: {"contact": {"id": self.contacts[e]["id"], "email": e}}
                    for e in emails
                    if e in self.contacts
                }
                return (200, {}, {"result": found}) if found else (404, {}, {"errors": []})
            case "DELETE", ["contacts"]:
                gone = set(query_of(request)["ids"].split(","))
                self.contacts = {e: c for e, c in self.contacts.items() if c["id"] not in gone}
                return self.job(0)
            case "GET", ["contacts", "imports", number]:
                job = self.jobs[number]
                job["looks"] += 1
                if job["looks"] < 2:
                    return 200, {}, {"id": number, "status": "pending"}
                failed = job["failed"]
                status = "errored" if failed else "completed"
                results: dict[str, Any] = {"errored_count": failed}
                if failed:
                    results["errors_url"] = f"{FILES}/{number}.csv.gz?signature=s3"
                return 200, {}, {"id": number, "status": status, "results": results}
        return 404, {}, {"errors": [{"message": "not found"}]}

    def job(self, failed: int) -> Answer:
        number = f"00000000-0000-0000-0000-{len(self.jobs):012d}"
        self.jobs[number] = {"looks": 0, "failed": failed}
        return 202, {}, {"job_id": number}


def sample(number: int) -> dict[str, Any]:
    return {
        "email": f"person{number}@example.com",
        "first_name": f"Firstname{number}",
        "favourite": "x",
        "score": number,
    }


KINDS = (
    Kind(
        destination="sendgrid",
        object="contact",
        key="email",
        mode="upsert",
        columns={
            "email": "varchar",
            "first_name": "varchar",
            "favourite": "varchar",
            "score": "bigint",
        },
        vendor=SendGrid,
        sample=sample,
        changing="score",
        environ={"MILLRACE_SENDGRID_TOKEN": "grid-secret"},
        secrets=("MILLRACE_SENDGRID_TOKEN",),
        long="favourite",
        private=("email", "first_name"),
        throttles=(
            Throttle(
                429,
                8,
                {"X-RateLimit-Reset": "9"},
                {"errors": [{"field": None, "message": "too many requests"}]},
            ),
        ),
    ),
)
