"""A stand-in for Kannel: plain text, 202 when it has taken a message."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests

from tests.activations.scripted import Answer, Throttle, Vendor
from tests.activations.vendors._messages import number_of, once, text_message


@dataclass
class Kannel(Vendor):
    """Messages by number, never deduplicated."""

    messages: list[dict[str, str]] = field(default_factory=list)

    def state(self) -> dict[str, Any]:
        return once(self.messages, number_of)

    def is_write(self, request: requests.PreparedRequest) -> bool:
        return "X-Kannel-To" in request.headers

    def handle(self, request: requests.PreparedRequest) -> Answer:
        head = request.headers
        known = (head["X-Kannel-Username"], head["X-Kannel-Password"])
        assert known == ("shop", "kannel-secret")
        if head["Content-Type"] != "text/plain; charset=UTF-8":
            return 400, {"Content-Type": "text/html"}, "Invalid content-type"
        if "X-Kannel-To" not in head:
            words = "Missing receiver(s) number(s), rejected"
            return 400, {"Content-Type": "text/html"}, words
        text = (request.body or b"").decode()  # type: ignore[union-attr]
        sent = {"to": head["X-Kannel-To"], "text": text}
        if sent["to"] in self.bad_keys:
            return 400, {"Content-Type": "text/plain"}, "Not routable. Do not try again."
        self.messages.append(sent)
        return 202, {"Content-Type": "text/plain"}, "0: Accepted for delivery"


KINDS = (
    text_message(
        destination="kannel",
        vendor=Kannel,
        environ={
            "MILLRACE_KANNEL_URL": "http://127.0.0.1:13013",
            "MILLRACE_KANNEL_USER": "shop",
            "MILLRACE_KANNEL_PASSWORD": "kannel-secret",
            "MILLRACE_KANNEL_REPORT_URL": "https://shop.example/dlr",
        },
        secrets=("MILLRACE_KANNEL_PASSWORD",),
        throttles=(
            Throttle(503, 1, {"Content-Type": "text/plain"}, "Temporal failure, try again"),
        ),
    ),
)
