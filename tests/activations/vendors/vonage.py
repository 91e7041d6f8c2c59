"""A stand-in for Vonage: HTTP 200 whatever happens, and a status for each part."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests

from tests.activations.scripted import Answer, Throttle, Vendor, sent_form
from tests.activations.vendors._messages import number_of, once, text_message


@dataclass
class Vonage(Vendor):
    """Messages by number, never deduplicated."""

    messages: list[dict[str, str]] = field(default_factory=list)

    def state(self) -> dict[str, Any]:
        return once(self.messages, number_of)

    def handle(self, request: requests.PreparedRequest) -> Answer:
        assert str(request.headers["Authorization"]).startswith("Basic ")
        if request.method == "GET":
            return 200, {}, {"value": 10.0}
        sent = sent_form(request)
        if "+" + sent["to"] in self.bad_keys | self.left_keys:
            part = {"status": "7", "error-text": f"Number {sent['to']} barred."}
        else:
            self.messages.append(sent)
            part = {"status": "0", "message-id": f"V{len(self.messages)}"}
        return 200, {}, {"message-count": "1", "messages": [part]}


KINDS = (
    text_message(
        destination="vonage",
        vendor=Vonage,
        environ={
            "MILLRACE_VONAGE_KEY": "key",
            "MILLRACE_VONAGE_TOKEN": "vonage-secret",
            "MILLRACE_VONAGE_SENDER": "Shop",
        },
        secrets=("MILLRACE_VONAGE_TOKEN",),
        learns="opt_out",
        is_permanent=True,
        throttles=(
            Throttle(200, 1, {}, {"messages": [{"status": "1", "error-text": "Throttled"}]}),
        ),
    ),
)
