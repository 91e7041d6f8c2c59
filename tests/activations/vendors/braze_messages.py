"""A stand-in for Braze's sends and events: none is deduplicated, none can be looked up."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.activations.scripted import Answer, Kind, Throttle, Vendor, path_of, sent_json

CAMPAIGN = "b7a1c0de-0000-4000-8000-000000000001"


@dataclass
class Sends(Vendor):
    """What each user got."""

    sent: list[tuple[str, Any]] = field(default_factory=list)

    def state(self) -> dict[str, Any]:
        found = dict(self.sent)
        assert len(found) == len(self.sent), "sent twice"
        return found

    def handle(self, request: requests.PreparedRequest) -> Answer:
        assert request.headers["Authorization"] == "Bearer braze-secret"
        path = path_of(request)
        if (request.method, path) == ("GET", "/segments/list"):
            return 200, {}, {"message": "success", "segments": []}
        body = sent_json(request)
        match path:
            case "/campaigns/trigger/send":
                assert body["campaign_id"] == CAMPAIGN
                (one,) = body["recipients"]
                user, content = one["external_user_id"], one["trigger_properties"]
            case "/messages/send":
                (user,) = body["external_user_ids"]
                content = body["messages"]
            case "/users/track":
                (event,) = body["events"]
                user, content = event["external_id"], event["properties"]
            case _:
                assert path == f"/transactional/v1/campaigns/{CAMPAIGN}/send"
                assert re.fullmatch(r"[a-zA-Z0-9-_+/=]+", body["external_send_id"])
                user, content = body["recipient"]["external_user_id"], body["trigger_properties"]
        if user in self.bad_keys:
            return 400, {}, {"message": f"the user {user} is not valid"}
        self.sent.append((user, content))
        return 201, {}, {"message": "success", "dispatch_id": f"{len(self.sent):032x}"}


COMMON: dict[str, Any] = {
    "destination": "braze_messages",
    "key": "message_key",
    "mode": "append",
    "vendor": Sends,
    "environ": {
        "MILLRACE_BRAZE_URL": "https://rest.fra-01.braze.eu",
        "MILLRACE_BRAZE_TOKEN": "braze-secret",
    },
    "secrets": ("MILLRACE_BRAZE_TOKEN",),
    "identity": "external_id",
    "knows_absence": False,
    "throttles": (Throttle(429, 2, {"X-RateLimit-Reset": "2"}),),
}
KINDS = (
    Kind(
        **COMMON,
        object="campaign",
        alike=("transactional",),
        columns={
            "message_key": "varchar",
            "external_id": "varchar",
            "campaign_id": "varchar",
            "headline": "varchar",
        },
        sample=lambda number: {
            "message_key": f"m{number}",
            "external_id": f"user-{number:04}",
            "campaign_id": CAMPAIGN,
            "headline": f"Hello {number}",
        },
        changing="headline",
        long="headline",
    ),
    Kind(
        **COMMON,
        object="message",
        columns={"message_key": "varchar", "external_id": "varchar", "messages": "varchar"},
        sample=lambda number: {
            "message_key": f"m{number}",
            "external_id": f"user-{number:04}",
            "messages": '{"email": {"app_id": "a", "from": "shop@example.com", "body": "Hi"}}',
        },
        changing="messages",
    ),
    Kind(
        **COMMON,
        object="event",
        columns={
            "message_key": "varchar",
            "external_id": "varchar",
            "name": "varchar",
            "time": "timestamp",
            "plan": "varchar",
        },
        sample=lambda number: {
            "message_key": f"m{number}",
            "external_id": f"user-{number:04}",
            "name": "Plan changed",
            "time": "2026-06-29 09:30:00",
            "plan": f"plan {number}",
        },
        changing="plan",
        long="plan",
    ),
)
