"""A stand-in for Twilio: messages, never deduplicated."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from tests.activations.scripted import Answer, Kind, Throttle, Vendor, sent_form


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

    def cancelled(self, sid: str) -> dict[str, Any]:
        (message,) = [m for m in self.messages if m["sid"] == sid]
        message["status"] = "canceled"
        return message

    def handle(self, request: requests.PreparedRequest) -> Answer:
        if not request.headers["Authorization"].startswith("Basic "):
            return 401, {}, {"code": 20003, "message": "Authenticate"}
        if request.method == "GET":
            to = parse_qs(urlsplit(str(request.url)).query).get("To", [""])[0]
            return 200, {}, {"messages": [m for m in reversed(self.messages) if m["to"] == to]}
        form = sent_form(request)
        if form.get("Status") == "canceled":
            sid = urlsplit(str(request.url)).path.rpartition("/")[2].removesuffix(".json")
            return 200, {}, self.cancelled(sid)
        if form["To"] in self.bad_keys | self.left_keys:
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


def sample(number: int) -> dict[str, Any]:
    return {
        "message_key": f"cart:{number}",
        "To": f"+1415555{number:04d}",
        "Body": f"Your cart {number} is waiting",
        "SendAt": "2026-07-01 09:30:00",
    }


KINDS = (
    Kind(
        destination="twilio",
        object="message",
        key="message_key",
        mode="append",
        columns={
            "message_key": "varchar",
            "To": "varchar",
            "Body": "varchar",
            "SendAt": "timestamp",
        },
        vendor=Twilio,
        sample=sample,
        changing="Body",
        environ={
            "MILLRACE_TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "MILLRACE_TWILIO_AUTH_TOKEN": "twilio-secret",
            "MILLRACE_TWILIO_MESSAGING_SERVICE_SID": "MG" + "1" * 32,
            "MILLRACE_TWILIO_STATUS_CALLBACK": "https://shop.example/status",
        },
        secrets=("MILLRACE_TWILIO_AUTH_TOKEN",),
        identity="To",
        long="Body",
        private=("To", "Body"),
        is_permanent=True,
        learns="opt_out",
        throttles=(Throttle(429, 1, {}, {"code": 20429, "message": "Too Many Requests"}),),
    ),
)
