"""SendGrid's event webhook: an array of events, signed with ECDSA over the timestamp and the raw body.

Source: the vendor's page on securing the event webhook. The secret is the public key, base64 of its DER.
"""

from __future__ import annotations

from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from collector.errors import unsigned
from collector.received import Received
from collector.signatures import from_base64
from collector.webhooks import each

TABLE = "sendgrid/events"
SECRETS = "MILLRACE_WEBHOOK_SENDGRID_PUBLIC_KEY"


def verify(received: Received, secrets: list[str]) -> None:
    """Any of the public keys has signed it."""
    signature = from_base64(received.header("x-twilio-email-event-webhook-signature"))
    signed = received.header("x-twilio-email-event-webhook-timestamp").encode() + received.body
    for secret in secrets:
        key = load_der_public_key(from_base64(secret))
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise TypeError(f"{SECRETS} is not the key of an elliptic curve")
        try:
            key.verify(signature, signed, ec.ECDSA(SHA256()))
        except InvalidSignature:
            continue
        return
    raise unsigned("the signature does not fit")


def rows(received: Received) -> list[Any]:
    """One event each."""
    return each(received.json())
