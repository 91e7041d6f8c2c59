"""Vonage's delivery receipts and inbound messages: a form, JSON, or the address's own query, as the account is set up.

Source: the vendor's pages on signing messages, delivery receipts and inbound SMS. A signed request carries `sig`, an
HMAC over its sorted parameters with the account's signature secret; an account that does not sign puts the secret as
`token` into the address. MD5 without HMAC, the account's first setting, is refused: choose an HMAC in the dashboard.
"""

from __future__ import annotations

from typing import Any

from collector.errors import unsigned
from collector.received import Received
from collector.signatures import basic, digest, matches

TABLE = "vonage/message_status"
SECRETS = "MILLRACE_WEBHOOK_VONAGE_SECRET"
BY_QUERY = True  # a GET whose query is the record
ALGORITHMS = {
    32: "md5",
    40: "sha1",
    64: "sha256",
    128: "sha512",
}  # by the signature's length in hex
APART = str.maketrans("&=", "__")


def verify(received: Received, secrets: list[str]) -> None:
    """The signature fits the parameters; without one, the address holds the secret as `token`."""
    try:
        fields = _fields(received)
    except ValueError:
        fields = {}  # nobody can read it: kept if the address is right
    given = fields.pop("sig", "")
    if not given:
        basic(received, secrets)
        return
    if (algorithm := ALGORITHMS.get(len(given))) is None:
        raise unsigned("the signature has an unknown length")
    text = "".join(f"&{name}={fields[name].translate(APART)}" for name in sorted(fields)).encode()
    wanted = [digest(secret, text, algorithm).hex() for secret in secrets]
    if not matches(given.lower(), wanted):
        raise unsigned("the signature does not fit: is the account set to an HMAC?")


def rows(received: Received) -> list[Any]:
    """One receipt or message; an inbound one has no status and is called received."""
    fields = {
        name: value for name, value in _fields(received).items() if name not in ("sig", "token")
    }
    if not fields:
        raise ValueError("there are no parameters")
    fields.setdefault("status", "received")
    return [fields]


def _fields(received: Received) -> dict[str, str]:
    """The parameters as text: of the body, else of the address without our own token."""
    if "json" in received.header("content-type"):
        return {name: _text(value) for name, value in received.json().items()}
    if received.body:
        return dict(received.form())
    return {name: value for name, value in received.query().items() if name != "token"}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
