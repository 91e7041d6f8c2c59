"""A stand-in for Kannel: plain text, 202 when it has taken a message."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests

from tests.activations.scripted import Answer, Kind, Throttle, Vendor, sent_form


@dataclass
class Kannel(Vendor):
    """Messages by number, never deduplicated."""

    messages: list[dict[str, str]] = field(default_factory=list)

    def state(self) -> dict[str, Any]:
        found = {"+" + one["to"].lstrip("+"): one for one in self.messages}
        assert len(found) == len(self.messages), "sent twice"
        return found

    def handle(self, request: requests.PreparedRequest) -> Answer:
        if request.method == "GET":
            return 400, {"Content-Type": "text/plain"}, "Missing receiver(s)"
        sent = sent_form(request)
        assert (sent.pop("username"), sent.pop("password")) == ("shop", "kannel-secret")
        if sent["to"] in self.bad_keys:
            return 400, {"Content-Type": "text/plain"}, "Not routable. Do not try again."
        self.messages.append(sent)
        return 202, {"Content-Type": "text/plain"}, "0: Accepted for delivery"


KINDS = (
    Kind(
        destination="kannel",
        object="message",
        key="message_key",
        mode="append",
        columns={"message_key": "varchar", "to": "varchar", "text": "varchar"},
        vendor=Kannel,
        sample=lambda number: {
            "message_key": f"welcome:{number}",
            "to": f"+1415555{number:04d}",
            "text": f"Your cart {number} is waiting",
        },
        changing="text",
        environ={
            "MILLRACE_KANNEL_URL": "http://127.0.0.1:13013",
            "MILLRACE_KANNEL_USER": "shop",
            "MILLRACE_KANNEL_PASSWORD": "kannel-secret",
            "MILLRACE_KANNEL_REPORT_URL": "https://shop.example/dlr",
        },
        secrets=("MILLRACE_KANNEL_PASSWORD",),
        identity="to",
        long="text",
        private=("to", "text"),
        knows_absence=False,
        throttles=(
            Throttle(503, 1, {"Content-Type": "text/plain"}, "Temporal failure, try again"),
        ),
    ),
)
