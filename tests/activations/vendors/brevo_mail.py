"""A stand-in for Brevo's transactional mail: messages, never deduplicated, and their events by tag."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import requests

from tests.activations.scripted import Answer, Kind, Vendor, path_of, query_of, sent_json
from tests.activations.vendors.brevo import THROTTLED

DESCRIPTIONS = ("brevo/swagger_definition_v3.yml",)


@dataclass
class BrevoMail(Vendor):
    """Messages by recipient."""

    messages: list[dict[str, Any]] = field(default_factory=list)

    def state(self) -> dict[str, Any]:
        found = {message["to"][0]["email"]: message for message in self.messages}
        assert len(found) == len(self.messages), "sent twice"
        return found

    def handle(self, request: requests.PreparedRequest) -> Answer:
        assert request.headers["api-key"] == "brevo-secret"
        match request.method, path_of(request):
            case "GET", "/v3/account":
                return 200, {}, {"email": "shop@example.com"}
            case "GET", "/v3/smtp/statistics/events":
                tag = query_of(request)["tags"]
                found = [
                    {"messageId": f"<{n}@brevo>", "tag": tag}
                    for n, message in enumerate(self.messages)
                    if message["tags"] == [tag]
                ]
                return 200, {}, {"events": found}
            case "DELETE", path:
                number = int(unquote(path.rpartition("/")[2]).strip("<>").split("@")[0]) - 1
                if self.messages[number].get("scheduledAt") is None:
                    return 404, {}, {"code": "document_not_found", "message": "no such message"}
                self.messages[number]["scheduledAt"] = None
                return 204, {}, None
            case "POST", "/v3/smtp/email":
                sent = sent_json(request)
                email = sent["to"][0]["email"]
                if email in self.bad_keys:
                    words = f"{email} is not valid in to"
                    return 400, {}, {"code": "invalid_parameter", "message": words}
                self.messages.append(sent)
                return 201, {}, {"messageId": f"<{len(self.messages)}@brevo>"}
        return 404, {}, {"code": "document_not_found", "message": "no such path"}


def sample(number: int) -> dict[str, Any]:
    return {
        "message_key": f"welcome:{number}",
        "to": f"person{number}@example.com",
        "subject": f"Your cart {number} is waiting",
        "text": "Hello",
        "send_at": "2026-07-01 09:30:00",
        "unsubscribe_url": f"https://shop.example/u/{number}",
    }


KINDS = (
    Kind(
        destination="brevo_mail",
        object="message",
        key="message_key",
        mode="append",
        columns={
            "message_key": "varchar",
            "to": "varchar",
            "subject": "varchar",
            "text": "varchar",
            "send_at": "timestamp",
            "unsubscribe_url": "varchar",
        },
        vendor=BrevoMail,
        sample=sample,
        changing="text",
        environ={"MILLRACE_BREVO_TOKEN": "brevo-secret", "MILLRACE_BREVO_FROM": "shop@example.com"},
        secrets=("MILLRACE_BREVO_TOKEN",),
        identity="to",
        long="text",
        private=("to", "subject"),
        times=("send_at",),
        knows_absence=False,
        throttles=(THROTTLED,),
    ),
)
