"""The primitives of webhook signatures; every comparison takes the same time whatever differs."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable

from collector.errors import unsigned
from collector.received import Received


def digest(secret: str | bytes, text: bytes, algorithm: str = "sha256") -> bytes:
    """The HMAC of `text`."""
    key = secret.encode() if isinstance(secret, str) else secret
    return hmac.new(key, text, getattr(hashlib, algorithm)).digest()


def matches(given: str, wanted: Iterable[str]) -> bool:
    """Whether `given` is one of `wanted`; none is skipped, so time tells nothing."""
    found = [hmac.compare_digest(given.encode(), value.encode()) for value in wanted]
    return any(found)


def base64_text(raw: bytes) -> str:
    """Base64 as vendors write it."""
    return base64.b64encode(raw).decode()


def from_base64(text: str) -> bytes:
    """The bytes of a base64 text; Refused when it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise unsigned("the signature is not base64") from error


def basic(received: Received, secrets: list[str]) -> None:
    """Basic authentication with `user:password`, or the same as `token` in the address; where nothing is signed."""
    scheme, _, value = received.header("authorization").partition(" ")
    given = received.query().get("token", "")
    if scheme.lower() == "basic":
        given = from_base64(value).decode("utf-8", errors="replace")
    elif scheme.lower() == "bearer":
        given = value
    if not matches(given, secrets):
        raise unsigned("user and password, or token, are missing or wrong")
