"""Resend's webhooks: one event, signed as Standard Webhooks (Svix) over id, timestamp and raw body.

Source: the Standard Webhooks specification. Repeats carry the same id and a fresh timestamp.
"""

from __future__ import annotations

from typing import Any

from collector.errors import unsigned
from collector.received import Received
from collector.signatures import base64_text, digest, from_base64, matches

TABLE = "resend/events"
SECRETS = "MILLRACE_WEBHOOK_RESEND_SECRET"
MOST_AGE_SECONDS = 300


def verify(received: Received, secrets: list[str]) -> None:
    """One of the signatures in the header fits, and the timestamp is within five minutes."""
    number, stamp = _header(received, "id"), _header(received, "timestamp")
    if not stamp.isdigit() or abs(received.received_at.timestamp() - int(stamp)) > MOST_AGE_SECONDS:
        raise unsigned("the timestamp is missing or more than five minutes away")
    text = f"{number}.{stamp}.".encode() + received.body
    wanted = [
        base64_text(digest(from_base64(secret.removeprefix("whsec_")), text)) for secret in secrets
    ]
    given = [part[3:] for part in _header(received, "signature").split() if part.startswith("v1,")]
    if not any(matches(signature, wanted) for signature in given):
        raise unsigned("the signature does not fit")


def rows(received: Received) -> list[Any]:
    """One event with the id of its delivery, by which repeats are known."""
    return [{**received.json(), "svix-id": _header(received, "id")}]


def _header(received: Received, name: str) -> str:
    return received.header(f"svix-{name}") or received.header(f"webhook-{name}")
