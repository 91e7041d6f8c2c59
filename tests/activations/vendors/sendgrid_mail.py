"""A stand-in for SendGrid's mail: an empty 202 for each message, and an activity feed by our key."""

from __future__ import annotations

import re
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

DESCRIPTIONS = ("sendgrid/tsg_mail_v3.json", "sendgrid/tsg_scheduled_sends_v3.json")
NOT_DESCRIBED = r"/v3/(messages|mail/batch)$"


@dataclass
class SendGridMail(Vendor):
    """Messages, never deduplicated; `may_batch` is what it answers to who wants a batch."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    batches: int = 0
    may_batch: int = 201

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for message in self.messages:
            [person] = message["personalizations"]
            email = person["to"][0]["email"]
            assert email not in found, "sent twice"
            found[email] = message
        return found

    def is_write(self, request: requests.PreparedRequest) -> bool:
        return path_of(request) == "/v3/mail/send"

    def handle(self, request: requests.PreparedRequest) -> Answer:
        assert request.headers["Authorization"] == "Bearer grid-secret"
        match request.method, path_of(request):
            case "POST", "/v3/mail/batch":
                self.batches += 1
                return self.may_batch, {}, {"batch_id": f"B{self.batches}"}
            case "GET", "/v3/user/scheduled_sends":
                return 200, {}, []
            case "POST", "/v3/user/scheduled_sends":
                sent = sent_json(request)
                if sent["batch_id"] in self.cancelled:
                    return 400, {}, {"errors": [{"message": "a status is set", "field": None}]}
                self.cancelled.append(sent["batch_id"])
                return 201, {}, sent
            case "GET", path if path.startswith("/v3/user/scheduled_sends/"):
                one = {"batch_id": path.rpartition("/")[2], "status": "cancel"}
                return 200, {}, [one] if one["batch_id"] in self.cancelled else []
            case "GET", "/v3/messages":
                key = re.search(r'="(.*)"\)$', query_of(request)["query"]).group(1)  # type: ignore[union-attr]
                found = [
                    {"msg_id": f"M{n}"}
                    for n, m in enumerate(self.messages)
                    if m["personalizations"][0]["custom_args"]["millrace_key"] == key
                ]
                return 200, {}, {"messages": found}
            case "POST", "/v3/mail/send":
                sent = sent_json(request)
                email = sent["personalizations"][0]["to"][0]["email"]
                if email in self.bad_keys:
                    error = {"message": f"{email} is no address", "field": "personalizations.0.to"}
                    return 400, {}, {"errors": [error]}
                self.messages.append(sent)
                return 202, {"X-Message-Id": f"M{len(self.messages)}"}, None
        return 404, {}, {"errors": [{"message": "not found"}]}


def sample(number: int) -> dict[str, Any]:
    return {
        "message_key": f"welcome:{number}",
        "to": f"person{number}@example.com",
        "subject": f"Your cart {number} is waiting",
        "html": "<p>Hello</p>",
        "send_at": "2026-07-01 09:30:00",
        "unsubscribe_url": f"https://shop.example/u/{number}",
    }


KINDS = (
    Kind(
        destination="sendgrid_mail",
        object="message",
        key="message_key",
        mode="append",
        columns={
            "message_key": "varchar",
            "to": "varchar",
            "subject": "varchar",
            "html": "varchar",
            "send_at": "timestamp",
            "unsubscribe_url": "varchar",
        },
        vendor=SendGridMail,
        sample=sample,
        changing="html",
        environ={
            "MILLRACE_SENDGRID_TOKEN": "grid-secret",
            "MILLRACE_SENDGRID_FROM": "shop@example.com",
        },
        secrets=("MILLRACE_SENDGRID_TOKEN",),
        identity="to",
        long="html",
        private=("to", "subject"),
        times=("send_at",),
        knows_absence=False,
        throttles=(
            Throttle(429, 8, {"X-RateLimit-Reset": "9"}, {"errors": [{"message": "too many"}]}),
        ),
    ),
)
