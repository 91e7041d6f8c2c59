"""A stand-in for Brevo's contacts: imports that drop unknown attributes and report bad rows in a file elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import requests

from tests.activations.scripted import Answer, Kind, Throttle, Vendor, path_of, sent_json

FILES = "https://files.example"
NOT_DESCRIBED = r"^/\d+\.csv$"
DESCRIPTIONS = ("brevo/swagger_definition_v3.yml",)


@dataclass
class Brevo(Vendor):
    """Contacts by e-mail."""

    contacts: dict[str, dict[str, Any]] = field(default_factory=dict)
    attributes: dict[str, str] = field(  # type by name
        default_factory=lambda: {"FIRSTNAME": "text", "LASTNAME": "text"}
    )
    jobs: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    has_files: bool = True

    def state(self) -> dict[str, Any]:
        return {email: one["attributes"] for email, one in self.contacts.items()}

    def foreign(self) -> str | None:
        self.put({"email": "foreign@example.com", "attributes": {}})
        return "foreign@example.com"

    def is_write(self, request: requests.PreparedRequest) -> bool:
        return request.method != "GET" and "/attributes/" not in path_of(request)

    def put(self, sent: dict[str, Any]) -> int | None:
        fresh = {"id": len(self.contacts) + 1, "attributes": {}}
        is_new = sent["email"].lower() not in self.contacts
        kept = self.contacts.setdefault(sent["email"].lower(), fresh)
        kept["attributes"] |= {n: v for n, v in sent["attributes"].items() if self.takes(n, v)}
        return int(kept["id"]) if is_new else None

    def takes(self, name: str, value: Any) -> bool:
        """Unknown attributes, and values of another type, are dropped without a word."""
        kinds = {"text": str, "float": (int, float), "boolean": bool, "date": str}
        kind = self.attributes.get(name)
        if kind is None:
            return False
        if kind == "date" and value != "":
            return re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)) is not None
        return value == "" or isinstance(value, kinds[kind])  # type: ignore[arg-type]

    def handle(self, request: requests.PreparedRequest) -> Answer:
        if str(request.url).startswith(FILES):
            assert "api-key" not in request.headers, "the file's host would learn the key"
            if not self.has_files:
                return 403, {}, "<Error/>"
            return 200, {}, self.files[path_of(request)].encode()
        assert request.headers["api-key"] == "brevo-secret"
        parts = path_of(request).removeprefix("/v3/").split("/")
        match request.method, parts:
            case "GET", ["account"]:
                return 200, {}, {"email": "shop@example.com"}
            case "GET", ["contacts", "attributes"]:
                return (
                    200,
                    {},
                    {
                        "attributes": [
                            {"name": n, "category": "normal", "type": t}
                            for n, t in self.attributes.items()
                        ]
                    },
                )
            case "POST", ["contacts", "attributes", "normal", name]:
                self.attributes[unquote(name)] = sent_json(request)["type"]
                return 201, {}, None
            case "POST", ["contacts"]:
                sent = sent_json(request)
                if sent["email"] in self.bad_keys:
                    words = f"{sent['email']} is not a valid email"
                    return 400, {}, {"code": "invalid_parameter", "message": words}
                number = self.put(sent)
                return (204, {}, None) if number is None else (201, {}, {"id": number})
            case "POST", ["contacts", "import"]:
                sent = sent_json(request)
                assert sent["emptyContactsAttributes"] is False
                if not sent.get("listIds"):
                    words = "listIds or newList is missing"
                    return 400, {}, {"code": "missing_parameter", "message": words}
                assert not {"emailBlacklist", "smsBlacklist"} & set(sent)
                bad = [one for one in sent["jsonBody"] if one["email"] in self.bad_keys]
                for one in sent["jsonBody"]:
                    if one not in bad:
                        self.put(one)
                number = len(self.jobs) + 1
                self.files[f"/{number}.csv"] = ";".join(f'"{one["email"]}"' for one in bad)
                files = {"invalid_emails": f"{FILES}/{number}.csv?signature=s3"} if bad else {}
                self.jobs.append({"looks": 0, "info": {"import": files}})
                return 202, {}, {"processId": len(self.jobs)}
            case "GET", ["processes", number]:
                job = self.jobs[int(number) - 1]
                job["looks"] += 1
                status = "completed" if job["looks"] > 1 else "queued"
                return 200, {}, {"id": int(number), "name": "IMPORT", "status": status, **job}
            case "DELETE", ["contacts", email]:
                if self.contacts.pop(unquote(email), None) is None:
                    return 404, {}, {"code": "document_not_found", "message": "no such contact"}
                return 204, {}, None
        return 404, {}, {"code": "document_not_found", "message": "no such path"}


def sample(number: int) -> dict[str, Any]:
    return {
        "email": f"person{number}@example.com",
        "firstname": f"Firstname{number}",
        "motto": "x",
        "score": number,
    }


THROTTLED = Throttle(429, 5, {"x-sib-ratelimit-reset": "6"}, {"code": "too_many_requests"})
KINDS = (
    Kind(
        destination="brevo",
        object="contact",
        key="email",
        mode="upsert",
        columns={"email": "varchar", "firstname": "varchar", "motto": "varchar", "score": "bigint"},
        vendor=Brevo,
        sample=sample,
        changing="score",
        environ={"MILLRACE_BREVO_TOKEN": "brevo-secret", "MILLRACE_BREVO_LISTS": "7"},
        secrets=("MILLRACE_BREVO_TOKEN",),
        long="motto",
        private=("email", "firstname"),
        custom={"score": "SCORE"},
        throttles=(THROTTLED,),
    ),
)
