"""Stand-ins for the vendors, as functions from request to response behind a requests adapter, with faults on demand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3.exceptions import NewConnectionError

Answer = tuple[int, dict[str, str], Any]
Handler = Callable[[requests.PreparedRequest], Answer]
Fault = Callable[[requests.PreparedRequest, Handler], Answer]


class Killed(BaseException):
    """The process died here."""


@dataclass
class Vendor:
    """What every stand-in has: the requests it got, the faults it will commit, and a state to compare."""

    requests: list[requests.PreparedRequest] = field(default_factory=list)
    timeouts: list[object] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    bad_keys: set[str] = field(default_factory=set)

    def handle(self, request: requests.PreparedRequest) -> Answer:
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        """What the vendor holds, by key."""
        raise NotImplementedError

    def is_write(self, request: requests.PreparedRequest) -> bool:
        return request.method != "GET"

    def writes(self) -> list[requests.PreparedRequest]:
        return [request for request in self.requests if self.is_write(request)]

    def answer(self, request: requests.PreparedRequest) -> Answer:
        self.requests.append(request)
        if self.faults and self.is_write(request):
            return self.faults.pop(0)(request, self.handle)
        return self.handle(request)


class Adapter(BaseAdapter):
    """Routes a session's requests to a vendor."""

    def __init__(self, vendor: Vendor) -> None:
        super().__init__()
        self.vendor = vendor

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        self.vendor.timeouts.append(kwargs.get("timeout"))
        status, headers, body = self.vendor.answer(request)
        response = requests.Response()
        response.status_code, response.request, response.url = status, request, request.url or ""
        is_text = isinstance(body, str)
        response.headers.update(
            {"Content-Type": "text/html" if is_text else "application/json", **headers}
        )
        response._content = (
            body.encode() if is_text else json.dumps(body).encode() if body is not None else b""
        )
        return response

    def close(self) -> None:
        return


def passes(request: requests.PreparedRequest, handle: Handler) -> Answer:
    """No fault."""
    return handle(request)


def answers(status: int, headers: Mapping[str, str] | None = None, body: Any = None) -> Fault:
    """Answer without doing anything."""
    return lambda request, handle: (status, dict(headers or {}), {} if body is None else body)


def dies_before(request: requests.PreparedRequest, handle: Handler) -> Answer:
    """The process dies before the request arrives."""
    raise Killed


def dies_after(request: requests.PreparedRequest, handle: Handler) -> Answer:
    """The vendor accepts, then the process dies."""
    handle(request)
    raise Killed


def times_out(request: requests.PreparedRequest, handle: Handler) -> Answer:
    """The vendor accepts, but its answer never comes."""
    handle(request)
    raise requests.exceptions.ReadTimeout


def vanishes(request: requests.PreparedRequest, handle: Handler) -> Answer:
    """The request never arrives, and nobody says so."""
    raise requests.exceptions.ReadTimeout


def refuses_connection(request: requests.PreparedRequest, handle: Handler) -> Answer:
    """Nothing is sent."""
    raise requests.exceptions.ConnectionError(NewConnectionError(None, "refused"))  # type: ignore[arg-type]


def sent_json(request: requests.PreparedRequest) -> Any:
    return json.loads(request.body or b"{}")


def sent_form(request: requests.PreparedRequest) -> dict[str, str]:
    body = request.body.decode() if isinstance(request.body, bytes) else request.body or ""
    return dict(parse_qsl(body))


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


@dataclass
class Twilio(Vendor):
    """Messages, never deduplicated."""

    messages: list[dict[str, Any]] = field(default_factory=list)

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for message in self.messages:
            key = message["to"]
            assert key not in found, "sent twice"
            found[key] = message["body"]
        return found

    def handle(self, request: requests.PreparedRequest) -> Answer:
        if not request.headers["Authorization"].startswith("Basic "):
            return 401, {}, {"code": 20003, "message": "Authenticate"}
        if request.method == "GET":
            to = parse_qs(urlsplit(str(request.url)).query).get("To", [""])[0]
            return 200, {}, {"messages": [m for m in reversed(self.messages) if m["to"] == to]}
        form = sent_form(request)
        if form["To"] in self.bad_keys:
            return (
                400,
                {},
                {"code": 21610, "message": f"{form['To']} has replied with STOP", "status": 400},
            )
        message = {
            "sid": f"SM{len(self.messages):032x}",
            "to": form["To"],
            "body": form["Body"],
            "status": "scheduled",
            "send_at": form.get("SendAt"),
            "callback": form.get("StatusCallback"),
            "date_created": format_datetime(datetime.now(UTC)),
        }
        self.messages.append(message)
        return 201, {}, message


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
