"""A stand-in for Mailchimp: members by the hash of their address; errors keyed by e-mail; bare 403 when hurried."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.activations.scripted import Answer, Kind, Throttle, Vendor, path_of, sent_json

DESCRIPTIONS = (
    "mailchimp/mailchimp-list-id-api-openapi.yml",
    "mailchimp/mailchimp-members-api-openapi.yml",
)


def name_of(email: str) -> str:
    return hashlib.md5(email.lower().encode()).hexdigest()


@dataclass
class Mailchimp(Vendor):
    """Members; an error for everybody who exists unless told to update."""

    members: dict[str, dict[str, Any]] = field(default_factory=dict)

    def state(self) -> dict[str, Any]:
        return {
            one["email"]: {**one["fields"], "tags": sorted(one["tags"])}
            for one in self.members.values()
            if one["status"] != "archived"
        }

    def foreign(self) -> str | None:
        self.put("foreign@example.com", {}, "unsubscribed")
        return "foreign@example.com"

    def put(self, email: str, sent: dict[str, Any], status: str | None) -> dict[str, Any]:
        fresh = {"email": email.lower(), "fields": {}, "tags": set(), "status": status}
        kept = self.members.setdefault(name_of(email), fresh)
        if kept["status"] == "archived":
            kept["status"] = status
        assert kept["status"] is not None, "a new member needs a status"
        kept["fields"] |= sent.get("merge_fields", {})
        kept["tags"] |= set(sent.get("tags", []))
        return {"id": name_of(email), "email_address": email}

    def handle(self, request: requests.PreparedRequest) -> Answer:
        assert str(request.headers["Authorization"]).startswith("Basic ")
        parts = path_of(request).removeprefix("/3.0/lists/L1").strip("/").split("/")
        match request.method, parts:
            case "GET", [""]:
                return 200, {}, {"id": "L1"}
            case "POST", [""]:
                return self.batch(sent_json(request))
            case "POST", ["members", name, "tags"]:
                if name not in self.members:
                    return 404, {}, {"title": "Resource Not Found"}
                for tag in sent_json(request)["tags"]:
                    tags = self.members[name]["tags"]
                    (tags.add if tag["status"] == "active" else tags.discard)(tag["name"])
                return 204, {}, None
            case "PATCH", ["members", name]:
                self.members[name]["status"] = sent_json(request)["status"]
                return 200, {}, {"id": name}
            case "DELETE", ["members", name]:
                if self.members.get(name, {"status": "archived"})["status"] == "archived":
                    return 404, {}, {"title": "Resource Not Found"}
                self.members[name]["status"] = "archived"
                return 204, {}, None
        return 404, {}, {"title": "Resource Not Found"}

    def batch(self, sent: dict[str, Any]) -> Answer:
        assert 0 < len(sent["members"]) <= 500
        answer: dict[str, list[Any]] = {"new_members": [], "updated_members": [], "errors": []}
        for member in sent["members"]:
            email = member["email_address"]
            kept = self.members.get(name_of(email), {"status": "archived"})
            exists = kept["status"] != "archived"
            words = None
            if email in self.left_keys:
                words = (
                    "ERROR_GENERIC",
                    f"{email} is in a compliance state and cannot be subscribed",
                )
            elif email in self.bad_keys:
                words = ("ERROR_GENERIC", f"{email} looks fake or invalid")
            elif exists and not sent["update_existing"]:
                words = ("ERROR_CONTACT_EXISTS", f"{email} is already a list member")
            if words:
                answer["errors"].append(
                    {"email_address": email, "error_code": words[0], "error": words[1]}
                )
                continue
            assert not (exists and "status" in member), "this would change who is subscribed"
            place = "updated_members" if exists else "new_members"
            answer[place].append(self.put(email, member, member.get("status")))
        return 200, {}, {**answer, "error_count": len(answer["errors"])}


def sample(number: int) -> dict[str, Any]:
    return {
        "email_address": f"person{number}@example.com",
        "fname": f"Firstname{number}",
        "lname": "Müller",
        "score": number,
        "tags": "segment: vip,shop",
    }


KINDS = (
    Kind(
        destination="mailchimp",
        object="member",
        key="email_address",
        mode="upsert",
        columns={
            "email_address": "varchar",
            "fname": "varchar",
            "lname": "varchar",
            "score": "bigint",
            "tags": "varchar",
        },
        vendor=Mailchimp,
        sample=sample,
        changing="score",
        environ={"MILLRACE_MAILCHIMP_TOKEN": "mail-secret-us1", "MILLRACE_MAILCHIMP_LIST": "L1"},
        secrets=("MILLRACE_MAILCHIMP_TOKEN",),
        long="lname",
        learns="opt_out",
        private=("email_address", "fname"),
        removal="archive",
        custom={"score": "SCORE"},
        throttles=(
            Throttle(429, 1, {}, {"title": "Too Many Requests"}),
            Throttle(403, 1, {}, "<html>Forbidden</html>"),
        ),
    ),
)
