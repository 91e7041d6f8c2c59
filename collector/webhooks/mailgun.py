"""Mailgun's webhooks: one event, with a signature over a timestamp and a token, not over the body.

New ones are JSON; legacy ones are form fields, as multipart where the message that bounced is attached
(it is not kept).

Source: the vendor's page on securing webhooks. Since the body is not covered, only a fresh token tells a replay: a
signature older than 15 minutes is refused with 401, which Mailgun tries again with a new one.
"""

from __future__ import annotations

from typing import Any

from collector.errors import unsigned
from collector.received import Received
from collector.signatures import digest, matches

TABLE = "mailgun/events"
SECRETS = "MILLRACE_WEBHOOK_MAILGUN_KEY"
MOST_AGE_SECONDS = 900


def verify(received: Received, secrets: list[str]) -> None:
    """The token is signed, and fresh."""
    try:
        signature = _signature(received)
        timestamp, token, given = (str(signature[n]) for n in ("timestamp", "token", "signature"))
        age = abs(received.received_at.timestamp() - float(timestamp))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise unsigned("the signature is missing") from error
    wanted = [digest(secret, (timestamp + token).encode()).hex() for secret in secrets]
    if not matches(given.lower(), wanted):
        raise unsigned("the signature does not fit")
    if age > MOST_AGE_SECONDS:
        raise unsigned("the signature is older than 15 minutes")


def rows(received: Received) -> list[Any]:
    """One event; the signature is not kept, for it would let others send in Mailgun's name."""
    if _is_form(received):
        return [{k: v for k, v in received.form() if k not in ("signature", "token")}]
    body = received.json()
    return [{name: value for name, value in body.items() if name != "signature"}]


def _signature(received: Received) -> dict[str, Any]:
    return dict(received.form()) if _is_form(received) else received.json()["signature"]


def _is_form(received: Received) -> bool:
    return "json" not in received.header("content-type")
