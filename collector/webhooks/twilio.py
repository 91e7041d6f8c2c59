"""Twilio's status callbacks and inbound messages: form fields, signed with HMAC-SHA1 over the address and the fields.

Source: the vendor's page on validating requests. The secret is the account's auth token. Our own key of the message
comes back as `message_key` in the address of the callback, which the signature covers.
"""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from collector.errors import unsigned
from collector.received import Received
from collector.signatures import base64_text, digest, matches

TABLE = "twilio/message_status"
SECRETS = "MILLRACE_WEBHOOK_TWILIO_TOKEN"


def verify(received: Received, secrets: list[str]) -> None:
    """The signature fits the address, with or without its port."""
    body_hash = received.query().get("bodySHA256")
    fields = ""
    if body_hash is None:
        values: dict[str, set[str]] = {}
        for name, value in received.form():
            values.setdefault(name, set()).add(value)
        fields = "".join(name + value for name in sorted(values) for value in sorted(values[name]))
    elif not matches(body_hash, [hashlib.sha256(received.body).hexdigest()]):
        raise unsigned("the body is not the one that was signed")
    wanted = [
        base64_text(digest(secret, (url + fields).encode(), "sha1"))
        for secret in secrets
        for url in _spellings(received.url)
    ]
    if not matches(received.header("x-twilio-signature"), wanted):
        raise unsigned("the signature does not fit")


def rows(received: Received) -> list[Any]:
    """One status or message; an inbound one has no status of its own and is called received."""
    row = dict(received.form())
    row.setdefault("MessageSid", row.get("SmsSid", ""))
    row.setdefault("MessageStatus", row.get("SmsStatus") or "received")
    if key := received.query().get("message_key"):
        row["message_key"] = key
    return [row]


def _spellings(url: str) -> list[str]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return [
        url,
        *(urlunsplit(parts._replace(netloc=netloc)) for netloc in (host, f"{host}:{port}")),
    ]
