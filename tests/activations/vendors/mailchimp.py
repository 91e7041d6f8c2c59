"""A stand-in for Mailchimp: members by the hash of their address; errors keyed by e-mail; bare 403 when hurried.

Batches of operations are done at the first look, and their results are a gzipped tar archive at another host.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.activations.scripted import Answer, Kind, Throttle, Vendor, path_of, sent_json

DESCRIPTIONS = (
    "mailchimp/mailchimp-list-id-api-openapi.yml",
    "mailchimp/mailchimp-members-api-openapi.yml",
    "mailchimp/mailchimp-batches-api-openapi.yml",
)
ARCHIVES = "https://mailchimp-api-batch.s3.amazonaws.com"
NOT_DESCRIBED = r"-response\.tar\.gz$|/merge-fields$"


def name_of(email: str) -> str:
    return hashlib.md5(email.lower().encode()).hexdigest()


@dataclass
class Mailchimp(Vendor):
    """Members; an error for everybody who exists unless told to update."""

    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    batches: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # operations by job
    archives: list[bytes | int] = field(default_factory=list)  # answers instead of the next ones
    archive_url: str = ARCHIVES
    tags: set[str] = field(default_factory=lambda: {"FNAME", "LNAME", "ADDRESS", "PHONE"})

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
        kept["fields"] |= self.known(sent)
        kept["tags"] |= set(sent.get("tags", []))
        return {"id": name_of(email), "email_address": email}

    def handle(self, request: requests.PreparedRequest) -> Answer:
        if str(request.url).startswith(self.archive_url):
            return self.archive(request)
        assert str(request.headers["Authorization"]).startswith("Basic ")
        path = path_of(request)
        if path.startswith("/3.0/batches"):
            return self.job(request, path.removeprefix("/3.0/batches").strip("/"))
        sent = sent_json(request) if request.body else None
        return self.one(str(request.method), path.removeprefix("/3.0"), sent)

    def job(self, request: requests.PreparedRequest, name: str) -> Answer:
        if request.method == "POST":
            sent = sent_json(request)["operations"]
            assert 0 < len(sent) <= 1_000
            assert len({one["operation_id"] for one in sent}) == len(sent)
            name = f"b{len(self.batches)}"
            self.batches[name] = sent
            return 200, {}, {"id": name, "status": "pending", "total_operations": len(sent)}
        if name not in self.batches:
            return 404, {}, {"title": "Resource Not Found"}
        place = f"{self.archive_url}/{name}-response.tar.gz?X-Amz-Expires=600&X-Amz-Signature=s3"
        return 200, {}, {"id": name, "status": "finished", "response_body_url": place}

    def archive(self, request: requests.PreparedRequest) -> Answer:
        assert "Authorization" not in request.headers, "the file's host would learn the key"
        if self.archives:
            given = self.archives.pop(0)
            return (given, {}, "<Error/>") if isinstance(given, int) else (200, {}, given)
        name = path_of(request).strip("/").partition("-")[0]
        return 200, {}, self.packed(self.batches[name])

    def packed(self, operations: list[dict[str, Any]]) -> bytes:
        """Do what was asked; the results in two files below a folder, as a gzipped tar archive."""
        told = []
        for one in operations:
            body = json.loads(one["body"]) if "body" in one else None
            status, _, answer = self.one(one["method"], one["path"], body)
            told.append(
                {
                    "status_code": status,
                    "operation_id": one["operation_id"],
                    "response": "" if answer is None else json.dumps(answer),
                }
            )
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w:gz") as files:
            folder = tarfile.TarInfo("./")
            folder.type = tarfile.DIRTYPE
            files.addfile(folder)
            for number, part in enumerate((told[::2], told[1::2])):
                text = json.dumps(part).encode()
                entry = tarfile.TarInfo(f"./{number:04}.json")
                entry.size = len(text)
                files.addfile(entry, io.BytesIO(text))
        return made.getvalue()

    def one(self, method: str, path: str, sent: Any) -> Answer:
        parts = path.removeprefix("/lists/L1").strip("/").split("/")
        match method, parts:
            case "GET", [""]:
                return 200, {}, {"id": "L1"}
            case "POST", [""]:
                return self.batch(sent)
            case "GET", ["merge-fields"]:
                return 200, {}, {"merge_fields": [{"tag": tag} for tag in sorted(self.tags)]}
            case "POST", ["merge-fields"]:
                assert len(sent["tag"]) <= 10
                self.tags.add(sent["tag"])
                return 200, {}, {"merge_id": len(self.tags), "tag": sent["tag"]}
            case "POST", ["members", name, "tags"]:
                if name not in self.members:
                    return 404, {}, {"title": "Resource Not Found"}
                for tag in sent["tags"]:
                    tags = self.members[name]["tags"]
                    (tags.add if tag["status"] == "active" else tags.discard)(tag["name"])
                return 204, {}, None
            case "PATCH", ["members", name]:
                return self.patch(name, sent)
            case "DELETE", ["members", name]:
                if self.members.get(name, {"status": "archived"})["status"] == "archived":
                    return 404, {}, {"title": "Resource Not Found"}
                self.members[name]["status"] = "archived"
                return 204, {}, None
        return 404, {}, {"title": "Resource Not Found"}

    def known(self, sent: dict[str, Any]) -> dict[str, Any]:
        """Values of fields that the audience has; others are dropped without a word."""
        return {n: v for n, v in sent.get("merge_fields", {}).items() if n in self.tags}

    def is_write(self, request: requests.PreparedRequest) -> bool:
        return request.method != "GET" and not path_of(request).endswith("/merge-fields")

    def patch(self, name: str, sent: dict[str, Any]) -> Answer:
        if name not in self.members:
            return 404, {}, {"title": "Resource Not Found"}
        kept = self.members[name]
        if kept["email"] in self.bad_keys | self.left_keys:
            words = "looks fake" if kept["email"] in self.bad_keys else "is in a compliance state"
            words = f"{kept['email']} {words}"
            return 400, {}, {"title": "Invalid Resource", "status": 400, "detail": words}
        kept["status"] = sent.get("status", kept["status"])
        kept["fields"] |= self.known(sent)
        return 200, {}, {"id": name, "email_address": kept["email"], "status": kept["status"]}

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
