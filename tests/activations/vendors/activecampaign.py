"""A stand-in for ActiveCampaign: contacts by e-mail with tags and custom fields; imports finish at the second look."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from tests.activations.scripted import Answer, Kind, Throttle, Vendor, sent_json


@dataclass
class ActiveCampaign(Vendor):
    """Contacts by e-mail with tags and custom fields; imports finish at the second look."""

    contacts: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)
    fields: dict[str, int] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    throttle_imports: int = 0

    def state(self) -> dict[str, Any]:
        names = {number: title for title, number in self.fields.items()}
        return {
            email: {
                **{
                    k: v
                    for k, v in contact.items()
                    if k in ("firstName", "lastName", "phone") and v
                },
                "tags": sorted(contact["tags"]),
                **{names[number]: value for number, value in contact["fields"].items() if value},
            }
            for email, contact in self.contacts.items()
        }

    def is_write(self, request: requests.PreparedRequest) -> bool:
        path = urlsplit(str(request.url)).path
        return request.method != "GET" and ("/contact" in path or "bulk_import" in path)

    def contact(self, email: str) -> dict[str, Any]:
        fresh = {"id": str(len(self.contacts) + 1), "tags": set(), "fields": {}}
        return self.contacts.setdefault(email.lower(), fresh)

    def handle(self, request: requests.PreparedRequest) -> Answer:
        if request.headers["Api-Token"] != "ac-secret":
            return 403, {}, {"message": "no"}
        url = urlsplit(str(request.url))
        query = parse_qs(url.query)
        parts = url.path.removeprefix("/api/3/").split("/")
        match request.method, parts:
            case "GET", ["fields"]:
                return (
                    200,
                    {},
                    {"fields": [{"id": str(n), "title": t} for t, n in self.fields.items()]},
                )
            case "POST", ["fields"]:
                title = sent_json(request)["field"]["title"]
                self.fields[title] = len(self.fields) + 1
                return 201, {}, {"field": {"id": str(self.fields[title]), "title": title}}
            case "GET", ["tags"]:
                word = query["filters[search][eq]"][0].lower()
                found = [
                    {"id": str(n), "tag": t} for t, n in self.tags.items() if word == t.lower()
                ]
                return 200, {}, {"tags": found}
            case "POST", ["tags"]:
                name = sent_json(request)["tag"]["tag"]
                return 201, {}, {"tag": {"id": str(self.tag(name)), "tag": name}}
            case "POST", ["contact", "sync"]:
                return self.sync(sent_json(request)["contact"])
            case "POST", ["contactTags"]:
                link = sent_json(request)["contactTag"]
                self.by_id(link["contact"])["tags"].add(self.tag_name(link["tag"]))
                return 201, {}, {"contactTag": {"id": "1"}}
            case "GET", ["contacts"]:
                kept = self.contacts.get(query["email"][0].lower())
                return 200, {}, {"contacts": [{"id": kept["id"]}] if kept else []}
            case "GET", ["contacts", number, "contactTags"]:
                names = self.by_id(number)["tags"]
                links = [
                    {"id": f"{number}0{self.tag(n)}", "tag": str(self.tag(n))}
                    for n in sorted(names)
                ]
                return 200, {}, {"contactTags": links}
            case "DELETE", ["contactTags", link]:
                number, tag = link.split("0", 1)
                self.by_id(number)["tags"].discard(self.tag_name(int(tag)))
                return 200, {}, {}
            case "DELETE", ["contacts", number]:
                self.contacts = {e: c for e, c in self.contacts.items() if c["id"] != number}
                return 200, {}, {}
            case "POST", ["import", "bulk_import"]:
                return self.bulk(sent_json(request)["contacts"], len(request.body or b""))
            case "GET", ["import", "info"]:
                job = self.jobs[query["batchId"][0]]
                job["looks"] += 1
                if job["looks"] < 2:
                    return 200, {}, {"status": "active", "success": [], "failure": []}
                return (
                    200,
                    {},
                    {"status": "completed", "success": job["success"], "failure": job["failure"]},
                )
        return 404, {}, {"message": "no such path"}

    def tag(self, name: str) -> int:
        return self.tags.setdefault(name, len(self.tags) + 1)

    def tag_name(self, number: int) -> str:
        return next(name for name, other in self.tags.items() if other == number)

    def by_id(self, number: object) -> dict[str, Any]:
        return next(c for c in self.contacts.values() if c["id"] == str(number))

    def sync(self, sent: dict[str, Any]) -> Answer:
        if sent["email"] in self.bad_keys:
            return (
                422,
                {},
                {"errors": [{"title": f"{sent['email']} is not valid", "code": "email_invalid"}]},
            )
        kept = self.contact(sent["email"])
        kept |= {
            name: value
            for name, value in sent.items()
            if name in ("firstName", "lastName", "phone")
        }
        kept["fields"] |= {
            int(item["field"]): item["value"] for item in sent.get("fieldValues", [])
        }
        return 201, {}, {"contact": {"id": kept["id"], "email": sent["email"]}}

    def bulk(self, contacts: list[dict[str, Any]], size: int) -> Answer:
        assert 0 < len(contacts) <= 250
        assert size <= 400_000
        if self.throttle_imports:
            self.throttle_imports -= 1
            return (
                400,
                {},
                {
                    "success": 0,
                    "message": "Rate limit exceeded.",
                    "failureReasons": ["100 a minute"],
                },
            )
        success, failure = [], []
        for sent in contacts:
            assert sent["exclude_automations"] is True
            if sent["email"] in self.bad_keys:
                failure.append(sent["email"])
                continue
            kept = self.contact(sent["email"])
            names = {"first_name": "firstName", "last_name": "lastName", "phone": "phone"}
            kept |= {ours: sent[theirs] for theirs, ours in names.items() if theirs in sent}
            kept["tags"] |= set(sent.get("tags", []))
            kept["fields"] |= {item["id"]: item["value"] for item in sent.get("fields", [])}
            for name in sent.get("tags", []):
                self.tag(name)
            success.append(kept["id"])
        number = f"job-{len(self.jobs)}"
        self.jobs[number] = {"looks": 0, "success": success, "failure": failure}
        return (
            200,
            {},
            {"Success": 1, "queued_contacts": len(success), "batchId": number, "message": "queued"},
        )

    def foreign(self) -> str | None:
        self.contact("foreign@example.com")
        return "foreign@example.com"


def sample(number: int) -> dict[str, Any]:
    return {
        "email": f"person{number}@example.com",
        "firstName": f"Firstname{number}",
        "lastName": "Müller",
        "phone": f"+1415555{number:04d}",
        "tags": "segment: vip,shop",
        "lead_score": number,
    }


KINDS = (
    Kind(
        destination="activecampaign",
        object="contact",
        key="email",
        mode="upsert",
        columns={
            "email": "varchar",
            "firstName": "varchar",
            "lastName": "varchar",
            "phone": "varchar",
            "tags": "varchar",
            "lead_score": "bigint",
        },
        vendor=ActiveCampaign,
        sample=sample,
        changing="lead_score",
        environ={
            "MILLRACE_ACTIVECAMPAIGN_URL": "https://shop.api-us1.com",
            "MILLRACE_ACTIVECAMPAIGN_TOKEN": "ac-secret",
        },
        secrets=("MILLRACE_ACTIVECAMPAIGN_TOKEN",),
        long="lastName",
        private=("email", "phone", "firstName"),
        removal="delete",
        custom={"lead_score": "Lead score"},
        throttles=(
            Throttle(429, 3, {"Retry-After": "3"}),
            Throttle(
                400, 60, {}, {"success": 0, "message": "Rate limit exceeded.", "failureReasons": []}
            ),
        ),
    ),
)
