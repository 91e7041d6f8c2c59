"""A stand-in for Iterable's sends to one person: a campaign once, whatever is asked; what went out is listed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests

from tests.activations.scripted import Answer, Kind, Throttle, Vendor, path_of, query_of, sent_json


@dataclass
class Sends(Vendor):
    """Messages by recipient."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    is_slow: bool = False  # what was sent is not listed yet

    def state(self) -> dict[str, Any]:
        found = {one["recipientEmail"]: one["dataFields"] for one in self.messages}
        assert len(found) == len(self.messages), "sent twice"
        return found

    def handle(self, request: requests.PreparedRequest) -> Answer:
        assert request.headers["Api-Key"] == "iter-secret"
        if path_of(request) == "/api/users/getSentMessages":
            query = query_of(request)
            assert query["startDateTime"].endswith(" +00:00")
            listed = [
                {"messageId": f"m-{number}", "campaignId": one["campaignId"]}
                for number, one in enumerate(self.messages)
                if one["recipientEmail"] == query["email"]
                and str(one["campaignId"]) == query["campaignIds"]
            ]
            return 200, {}, {"messages": [] if self.is_slow else listed}
        if request.method == "GET":
            return 200, {}, {"lists": []}
        assert path_of(request) in ("/api/email/target", "/api/sms/target")
        sent = sent_json(request)
        assert sent["allowRepeatMarketingSends"] is False
        if sent["recipientEmail"] in self.left_keys:
            words = {"code": "ForgottenUserError", "msg": f"{sent['recipientEmail']} was forgotten"}
            return 400, {}, words
        if sent["recipientEmail"] in self.bad_keys:
            words = {"code": "BadParams", "msg": f"{sent['recipientEmail']} is not valid"}
            return 400, {}, words
        self.messages.append(sent)
        return 200, {}, {"code": "Success", "msg": "", "params": None}


def kind(thing: str, learns: str) -> Kind:
    """E-mail and text messages differ in their path, and in whose address an answer may close."""
    return Kind(
        destination="iterable_messages",
        object=thing,
        key="message_key",
        mode="append",
        columns={
            "message_key": "varchar",
            "email": "varchar",
            "campaign_id": "bigint",
            "first_name": "varchar",
            "send_at": "timestamp",
        },
        vendor=Sends,
        sample=lambda number: {
            "message_key": f"m{number}",
            "email": f"person{number}@example.com",
            "campaign_id": 1234,
            "first_name": f"Firstname{number}",
            "send_at": "2026-07-01 09:30:00",
        },
        changing="first_name",
        environ={"MILLRACE_ITERABLE_TOKEN": "iter-secret"},
        secrets=("MILLRACE_ITERABLE_TOKEN",),
        identity="email",
        long="first_name",
        private=("email", "first_name"),
        times=("send_at",),
        learns=learns,
        knows_absence=False,
        throttles=(Throttle(429, 2, {"Retry-After": "2"}, {"code": "RateLimitExceeded"}),),
    )


KINDS = (kind("email", "opt_out"), kind("sms", ""))
