"""A stand-in for Vonage: HTTP 200 whatever happens, and a status for each part."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests

from tests.activations.scripted import Answer, Kind, Throttle, Vendor, sent_form


@dataclass
class Vonage(Vendor):
    """Messages by number, never deduplicated."""

    messages: list[dict[str, str]] = field(default_factory=list)

    def state(self) -> dict[str, Any]:
        found = {"+" + one["to"].lstrip("+"): one for one in self.messages}
        assert len(found) == len(self.messages), "sent twice"
        return found

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
    Kind(
        destination="vonage",
        object="message",
        key="message_key",
        mode="append",
        columns={"message_key": "varchar", "to": "varchar", "text": "varchar"},
        vendor=Vonage,
        sample=lambda number: {
            "message_key": f"welcome:{number}",
            "to": f"+1415555{number:04d}",
            "text": f"Your cart {number} is waiting",
        },
        changing="text",
        environ={
            "MILLRACE_VONAGE_KEY": "key",
            "MILLRACE_VONAGE_TOKEN": "vonage-secret",
            "MILLRACE_VONAGE_SENDER": "Shop",
        },
        secrets=("MILLRACE_VONAGE_TOKEN",),
        identity="to",
        long="text",
        learns="opt_out",
        private=("to", "text"),
        knows_absence=False,
        is_permanent=True,
        throttles=(
            Throttle(200, 1, {}, {"messages": [{"status": "1", "error-text": "Throttled"}]}),
        ),
    ),
)
