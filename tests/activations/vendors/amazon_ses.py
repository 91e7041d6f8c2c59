"""A stand-in for Amazon SES: messages, and errors whose kind is in a header."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests

from tests.activations.scripted import Answer, Throttle, Vendor, path_of, sent_json
from tests.activations.vendors._messages import mail, once


@dataclass
class AmazonSes(Vendor):
    """Messages, never deduplicated."""

    messages: list[dict[str, Any]] = field(default_factory=list)

    def state(self) -> dict[str, Any]:
        return once(self.messages, lambda one: one["Destination"]["ToAddresses"][0])

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
    mail(
        destination="amazon_ses",
        vendor=AmazonSes,
        environ={
            "MILLRACE_AMAZON_SES_REGION": "eu-central-1",
            "MILLRACE_AMAZON_SES_KEY_ID": "AKEXAMPLE",
            "MILLRACE_AMAZON_SES_SECRET": "ses-secret",
            "MILLRACE_AMAZON_SES_FROM": "shop@example.com",
        },
        secrets=("MILLRACE_AMAZON_SES_SECRET",),
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
