"""A stand-in for Klaviyo: import jobs with their errors on pages, events by `unique_id`, and empty 202s."""

from __future__ import annotations

import json
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

PAGE = 1


@dataclass
class Klaviyo(Vendor):
    """Profiles and who is subscribed or suppressed, by e-mail; events by their id."""

    kind: str = "profile"
    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    jobs: list[dict[str, Any]] = field(default_factory=list)

    def state(self) -> dict[str, Any]:
        return self.things

    def foreign(self) -> str | None:
        self.things["foreign@example.com"] = {}
        return "foreign@example.com"

    def handle(self, request: requests.PreparedRequest) -> Answer:
        assert request.headers["Authorization"] == "Klaviyo-API-Key klav-secret"
        assert request.headers["revision"] == "2026-07-15"
        if request.method == "POST":
            assert request.headers["Content-Type"] == "application/vnd.api+json"
        match request.method, path_of(request).removeprefix("/api/").split("/"):
            case "GET", ["accounts"]:
                return 200, {}, {"data": []}
            case "POST", ["events"]:
                sent = sent_json(request)["data"]["attributes"]
                if sent["unique_id"] in self.bad_keys:
                    words = {"code": "invalid", "detail": "the metric is not valid"}
                    return 400, {}, {"errors": [words]}
                self.things.setdefault(sent["unique_id"], sent["properties"])
                return 202, {}, None
            case "POST", ["event-bulk-create-jobs"]:
                return self.keep(sent_json(request)["data"]["attributes"]["events-bulk-create"])
            case "POST", ["profile-bulk-import-jobs"]:
                return self.start(sent_json(request)["data"]["attributes"]["profiles"]["data"])
            case "POST", [name]:
                return self.change(name, sent_json(request)["data"])
            case "GET", ["profile-bulk-import-jobs", number, *rest]:
                return self.report(self.jobs[int(number)], rest, query_of(request))
        return 404, {}, {"errors": [{"detail": "no such path"}]}

    def keep(self, sent: dict[str, Any]) -> Answer:
        """All events of a request, or none; two with one id are refused as a whole."""
        assert 0 < len(sent["data"]) <= 1_000
        events = []
        for place, one in enumerate(sent["data"]):
            assert one["type"] == "event-bulk-create"
            assert one["attributes"]["profile"]["data"]["attributes"]["email"]
            [event] = one["attributes"]["events"]["data"]
            events.append(event["attributes"])
            if events[-1]["unique_id"] in self.bad_keys:
                pointer = f"/data/attributes/events-bulk-create/data/{place}/attributes/events"
                error = {"code": "invalid", "detail": "not valid", "source": {"pointer": pointer}}
                return 400, {}, {"errors": [error]}
        ids = [event["unique_id"] for event in events]
        assert len(set(ids)) == len(ids)
        if self.things.keys() & ids:
            words = "The unique_id is repeated; no events were processed."
            return 400, {}, {"errors": [{"code": "invalid", "detail": words}]}
        for event in events:
            assert event["metric"]["data"]["attributes"]["name"]
            self.things.setdefault(event["unique_id"], event["properties"])
        return 202, {}, None

    def start(self, profiles: list[dict[str, Any]]) -> Answer:
        assert 0 < len(profiles) <= 10_000
        failed = []
        for profile in profiles:
            sent = profile["attributes"]
            assert (
                len(json.dumps(profile, ensure_ascii=False, separators=(",", ":")).encode())
                <= 100_000
            )
            if sent["email"] in self.bad_keys:
                failed.append(profile)
                continue
            kept = self.things.setdefault(sent["email"].lower(), {})
            kept |= {n: v for n, v in sent.items() if n not in ("email", "properties")}
            kept |= sent.get("properties", {})
        self.jobs.append({"looks": 0, "failed": failed})
        return 202, {}, {"data": {"id": str(len(self.jobs) - 1)}}

    def report(self, job: dict[str, Any], rest: list[str], query: dict[str, str]) -> Answer:
        if not rest:
            job["looks"] += 1
            status = "complete" if job["looks"] > 1 else "processing"
            facts = {"status": status, "failed_count": len(job["failed"])}
            return 200, {}, {"data": {"attributes": facts}}
        first = int(query.get("page[cursor]", "0"))
        errors = [
            {
                "attributes": {
                    "code": "invalid",
                    "detail": f"{one['attributes']['email']} is not valid",
                    "original_payload": one,
                }
            }
            for one in job["failed"][first : first + PAGE]
        ]
        more = first + PAGE < len(job["failed"])
        following = f"https://a.klaviyo.com/api?page%5Bcursor%5D={first + PAGE}" if more else None
        return 200, {}, {"data": errors, "links": {"next": following}}

    def change(self, name: str, data: dict[str, Any]) -> Answer:
        assert name == f"{data['type']}s"
        profiles = data["attributes"]["profiles"]["data"]
        subscribes = name.startswith("profile-subscription-bulk-create")
        assert 0 < len(profiles) <= (1000 if subscribes else 100)
        for one in profiles if "subscription" in name else ():
            said = one["attributes"]["subscriptions"]["email"]["marketing"]
            assert said == {"consent": "SUBSCRIBED" if subscribes else "UNSUBSCRIBED"}
        for place, profile in enumerate(profiles):
            if profile["attributes"]["email"] in self.bad_keys:
                pointer = f"/data/attributes/profiles/data/{place}/attributes/email"
                error = {"code": "invalid", "detail": "not valid", "source": {"pointer": pointer}}
                return 400, {}, {"errors": [error]}
        for profile in profiles:
            email = profile["attributes"]["email"].lower()
            if "-delete-" in name:
                self.things.pop(email, None)
            else:
                self.things.setdefault(email, {})["source"] = "shop"
        return 202, {}, None


def profile(number: int) -> dict[str, Any]:
    return {
        "email": f"person{number}@example.com",
        "first_name": f"Firstname{number}",
        "score": number,
    }


def event(number: int) -> dict[str, Any]:
    return {
        "event_id": f"e{number}",
        "email": f"person{number}@example.com",
        "metric": "Scored",
        "note": "x",
    }


COMMON: dict[str, Any] = {
    "destination": "klaviyo",
    "vendor": Klaviyo,
    "environ": {"MILLRACE_KLAVIYO_TOKEN": "klav-secret"},
    "secrets": ("MILLRACE_KLAVIYO_TOKEN",),
    "throttles": (Throttle(429, 5, {"Retry-After": "5"}, {"errors": [{"code": "throttled"}]}),),
}
KINDS = (
    Kind(
        **COMMON,
        object="profile",
        key="email",
        mode="upsert",
        columns={"email": "varchar", "first_name": "varchar", "score": "bigint"},
        sample=profile,
        changing="score",
        long="first_name",
        private=("email", "first_name"),
    ),
    Kind(
        **COMMON,
        object="event",
        key="event_id",
        mode="append",
        columns={"event_id": "varchar", "email": "varchar", "metric": "varchar", "note": "varchar"},
        sample=event,
        changing="note",
        long="note",
        private=("email",),
    ),
    *(
        Kind(
            **COMMON,
            object=thing,
            key="email",
            mode="upsert",
            columns={"email": "varchar", "source": "varchar"},
            sample=lambda number: {"email": f"person{number}@example.com", "source": "shop"},
            changing="source",
            private=("email",),
            removal=removal,
            carries_values=False,
        )
        for thing, removal in (("subscription", "unsubscribe"), ("suppression", "unsuppress"))
    ),
)
