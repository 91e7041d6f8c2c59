"""A stand-in for Amazon SES: messages, and errors whose kind is in a header."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests

from tests.activations.scripted import Answer, Kind, Throttle, Vendor, path_of, sent_json


@dataclass
class AmazonSes(Vendor):
    """Messages, never deduplicated."""

    messages: list[dict[str, Any]] = field(default_factory=list)

    def state(self) -> dict[str, Any]:
        found = {one["Destination"]["ToAddresses"][0]: one for one in self.messages}
        assert len(found) == len(self.messages), "sent twice"
        return found

    def handle(self, request: requests.PreparedRequest) -> Answer:
        signature = str(request.headers["Authorization"])
        assert signature.startswith("AWS4-HMAC-SHA256 Credential=AKEXAMPLE/")
        assert "/eu-central-1/ses/aws4_request, SignedHeaders=host;x-amz-date, " in signature
        if path_of(request) == "/v2/email/account":
            return 200, {}, {"SendingEnabled": True}
        assert path_of(request) == "/v2/email/outbound-emails"
        sent = sent_json(request)
        [to] = sent["Destination"]["ToAddresses"]
        if to in self.bad_keys:
            head = {"x-amzn-ErrorType": "MessageRejected"}
            return 400, head, {"message": f"Address {to} is on the suppression list"}
        self.messages.append(sent)
        return 200, {}, {"MessageId": f"S{len(self.messages)}"}


KINDS = (
    Kind(
        destination="amazon_ses",
        object="message",
        key="message_key",
        mode="append",
        columns={
            "message_key": "varchar",
            "to": "varchar",
            "subject": "varchar",
            "html": "varchar",
            "unsubscribe_url": "varchar",
        },
        vendor=AmazonSes,
        sample=lambda number: {
            "message_key": f"welcome:{number}",
            "to": f"person{number}@example.com",
            "subject": f"Your cart {number} is waiting",
            "html": "<p>Hello</p>",
            "unsubscribe_url": f"https://shop.example/u/{number}",
        },
        changing="html",
        environ={
            "MILLRACE_AMAZON_SES_REGION": "eu-central-1",
            "MILLRACE_AMAZON_SES_KEY_ID": "AKEXAMPLE",
            "MILLRACE_AMAZON_SES_SECRET": "ses-secret",
            "MILLRACE_AMAZON_SES_FROM": "shop@example.com",
        },
        secrets=("MILLRACE_AMAZON_SES_SECRET",),
        identity="to",
        long="html",
        private=("to", "subject"),
        knows_absence=False,
        throttles=(
            Throttle(
                400,
                1,
                {"x-amzn-ErrorType": "TooManyRequestsException:http://x"},
                {"message": "Maximum sending rate exceeded."},
            ),
        ),
    ),
)
