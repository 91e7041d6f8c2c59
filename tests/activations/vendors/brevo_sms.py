"""A stand-in for Brevo's text messages: never deduplicated, and their events by tag."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests

from tests.activations.scripted import Answer, Kind, Vendor, path_of, query_of, sent_json
from tests.activations.vendors.brevo import THROTTLED

DESCRIPTIONS = ("brevo/swagger_definition_v3.yml",)


@dataclass
class BrevoSms(Vendor):
    """Messages by number."""

    messages: list[dict[str, Any]] = field(default_factory=list)

    def state(self) -> dict[str, Any]:
        found = {f"+{message['recipient']}": message for message in self.messages}
        assert len(found) == len(self.messages), "sent twice"
        return found

    def handle(self, request: requests.PreparedRequest) -> Answer:
        assert request.headers["api-key"] == "brevo-secret"
        match request.method, path_of(request):
            case "GET", "/v3/account":
                return 200, {}, {"email": "shop@example.com"}
            case "GET", "/v3/transactionalSMS/statistics/events":
                tag = query_of(request)["tags"]
                found = [
                    {"messageId": str(n), "tag": tag}
                    for n, message in enumerate(self.messages)
                    if message["tag"] == tag
                ]
                return 200, {}, {"events": found}
            case "POST", "/v3/transactionalSMS/sms":
                sent = sent_json(request)
                if f"+{sent['recipient']}" in self.bad_keys:
                    words = f"{sent['recipient']} is no mobile"
                    return 400, {}, {"code": "invalid_parameter", "message": words}
                self.messages.append(sent)
                return 201, {}, {"messageId": len(self.messages), "reference": "r"}
        return 404, {}, {"code": "document_not_found", "message": "no such path"}


def sample(number: int) -> dict[str, Any]:
    return {
        "message_key": f"welcome:{number}",
        "to": f"+1415555{number:04d}",
        "text": f"Your cart {number} is waiting",
    }


KINDS = (
    Kind(
        destination="brevo_sms",
        object="message",
        key="message_key",
        mode="append",
        columns={"message_key": "varchar", "to": "varchar", "text": "varchar"},
        vendor=BrevoSms,
        sample=sample,
        changing="text",
        environ={"MILLRACE_BREVO_TOKEN": "brevo-secret", "MILLRACE_BREVO_SMS_SENDER": "Shop"},
        secrets=("MILLRACE_BREVO_TOKEN",),
        identity="to",
        long="text",
        private=("to", "text"),
        knows_absence=False,
        throttles=(THROTTLED,),
    ),
)
