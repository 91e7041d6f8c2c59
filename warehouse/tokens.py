"""Seals what a link in a message must remember: whose address, for what; nobody else can read, change or make one.

A token is AES-SIV of a small JSON array, under a key derived (HKDF-SHA256) from the signing key for this one kind of
token. The same content gives the same token, so a sync that states it does not change from run to run. Of several keys
the first seals and all open: a new one goes in front, the old ones stay as long as links that they sealed must work.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from warehouse.errors import TokenError, TokenExpired

CONFIRM, UNSUBSCRIBE, STAMP = "confirm", "unsubscribe", "stamp"
CONFIRM_WITHIN = timedelta(days=14)
LONGEST = 4096
KEY_BYTES = 64


@dataclass(frozen=True)
class Confirmation:
    """A sign-up that waits for the person behind the address: which one, and until when it may be confirmed."""

    submission_id: str
    channel: str
    address: str
    expires_at: datetime


@dataclass(frozen=True)
class Unsubscription:
    """An address that may leave, and the purposes that the message was sent for; this ends never."""

    channel: str
    address: str
    purposes: tuple[str, ...]


@dataclass(frozen=True)
class Stamp:
    """When a form was shown, and a number of its own by which a repeated post is known."""

    form: str
    shown_at: datetime
    nonce: str


def mint_confirmation(
    keys: Sequence[str],
    submission_id: str,
    channel: str,
    address: str,
    submitted_at: datetime,
    within: timedelta = CONFIRM_WITHIN,
) -> str:
    """The token of `/confirm/<token>`; it holds until `within` after the form was sent."""
    expires = int((submitted_at.astimezone(UTC) + within).timestamp())
    return _seal(keys, CONFIRM, [submission_id, channel, address, expires])


def open_confirmation(keys: Sequence[str], token: str, now: datetime) -> Confirmation:
    """What a confirmation token says. Raises TokenError, or TokenExpired when it came too late."""
    submission_id, channel, address, expires = _open(keys, CONFIRM, token)
    found = Confirmation(submission_id, channel, address, datetime.fromtimestamp(expires, UTC))
    if now >= found.expires_at:
        raise TokenExpired("the confirmation came too late")
    return found


def mint_unsubscribe(
    keys: Sequence[str], channel: str, address: str, purposes: Sequence[str] = ("marketing",)
) -> str:
    """The token of `/unsubscribe/<token>`, for every message to the address that was sent for these purposes."""
    if not purposes:
        raise ValueError("an unsubscribe link needs a purpose to leave")
    return _seal(keys, UNSUBSCRIBE, [channel, address, *sorted(set(purposes))])


def open_unsubscribe(keys: Sequence[str], token: str) -> Unsubscription:
    """What an unsubscribe token says, however old it is. Raises TokenError."""
    channel, address, *purposes = _open(keys, UNSUBSCRIBE, token)
    return Unsubscription(channel, address, tuple(purposes))


def unsubscribe_headers(url: str) -> dict[str, str]:
    """The headers of a message that can be left with one click (RFC 8058); both belong under its DKIM signature."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def mint_stamp(keys: Sequence[str], form: str, shown_at: datetime) -> str:
    """The hidden value in a form that is shown now."""
    return _seal(keys, STAMP, [form, int(shown_at.timestamp() * 1000), secrets.token_hex(8)])


def open_stamp(keys: Sequence[str], token: str) -> Stamp:
    """When and as what a form was shown. Raises TokenError."""
    form, shown, nonce = _open(keys, STAMP, token)
    return Stamp(form, datetime.fromtimestamp(shown / 1000, UTC), nonce)


def _cipher(key: str, kind: str) -> AESSIV:
    derive = HKDF(SHA256(), KEY_BYTES, salt=None, info=f"millrace {kind} 1".encode())
    return AESSIV(derive.derive(key.encode()))


def _seal(keys: Sequence[str], kind: str, content: list[Any]) -> str:
    if not keys:
        raise TokenError("there is no key to sign with: set MILLRACE_COLLECTOR_SIGNING_KEY")
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
    sealed = _cipher(keys[0], kind).encrypt(text, [kind.encode()])
    return _text(sealed)


def _text(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def _open(keys: Sequence[str], kind: str, token: str) -> list[Any]:
    wrong = TokenError("the token is none of ours, or was changed")
    if len(token) > LONGEST:
        raise wrong
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise wrong from error
    if _text(sealed) != token:
        # Base64 has several spellings of one content; ours is the one that was sent.
        raise wrong
    for key in keys:
        try:
            text = _cipher(key, kind).decrypt(sealed, [kind.encode()])
        except (InvalidTag, ValueError):
            continue
        content: list[Any] = json.loads(text)
        return content
    raise wrong
