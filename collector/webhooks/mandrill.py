"""Mandrill's webhooks: a form field with an array of events, signed with HMAC-SHA1 over the address and the fields.

Source: the vendor's page on authenticating webhook requests.
"""

from __future__ import annotations

import json
from typing import Any

from collector.errors import unsigned
from collector.received import Received
from collector.signatures import base64_text, digest, matches
from collector.webhooks import each

TABLE = "mandrill/events"
SECRETS = "MILLRACE_WEBHOOK_MANDRILL_KEY"


def verify(received: Received, secrets: list[str]) -> None:
    """The signature fits the address as configured and the sorted fields."""
    fields = "".join(name + value for name, value in sorted(received.form()))
    text = (received.url + fields).encode()
    wanted = [base64_text(digest(secret, text, "sha1")) for secret in secrets]
    if not matches(received.header("x-mandrill-signature"), wanted):
        raise unsigned("the signature does not fit")


def rows(received: Received) -> list[Any]:
    """One event each."""
    return each(json.loads(dict(received.form())["mandrill_events"]))
