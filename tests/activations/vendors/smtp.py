"""A mail server as the transport reports it: codes of its own for each recipient."""

from __future__ import annotations

from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

import requests

from tests.activations.scripted import Answer, Throttle, Vendor
from tests.activations.vendors._messages import mail


@dataclass
class Mta(Vendor):
    """Messages, never deduplicated."""

    messages: list[tuple[str, Message]] = field(default_factory=list)

    def state(self) -> dict[str, Any]:
        found = {to: dict(message.items()) for to, message in self.messages}
        assert len(found) == len(self.messages), "sent twice"
        return found

    def handle(self, request: requests.PreparedRequest) -> Answer:
        if request.method == "GET":
            return 200, {}, {"message": "there"}
        to = str(request.headers["X-Envelope-To"])
        assert request.headers["X-Envelope-From"] == "shop@example.com"
        if to in self.bad_keys | self.left_keys:
            return 422, {}, {"code": "550", "message": f"5.1.1 <{to}> no such user here"}
        assert isinstance(request.body, bytes)
        self.messages.append((to, message_from_bytes(request.body)))
        return 200, {}, {"code": 250}


KINDS = (
    mail(
        "text",
        subject="Grüße, your cart {number} is waiting",
        destination="smtp",
        vendor=Mta,
        environ={
            "MILLRACE_SMTP_URL": "smtp://shop@mail.example:25",
            "MILLRACE_SMTP_FROM": "The Shop <shop@example.com>",
            "MILLRACE_SMTP_PASSWORD": "smtp-secret",
        },
        secrets=("MILLRACE_SMTP_PASSWORD",),
        learns="hard_bounce",
        is_permanent=True,
        throttles=(Throttle(429, 1, {}, {"code": "421", "message": "4.7.0 try later"}),),
    ),
)
