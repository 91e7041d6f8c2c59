"""Reads what a form or a mail program posts: form-encoded, multipart or JSON, all as names with values."""

from __future__ import annotations

import json
from typing import Any

from collector.errors import Refused
from collector.received import Received

MOST_BYTES = 64 << 10
Pairs = list[tuple[str, Any]]


def is_json(received: Received) -> bool:
    """Whether the sender is a program that wants its answer as JSON."""
    return received.header("content-type").partition(";")[0].strip().lower() == "application/json"


def pairs(received: Received) -> Pairs:
    """The names and values of a body in their order; a name may repeat. Refused when it is unreadable."""
    if len(received.body) > MOST_BYTES:
        raise Refused(413, "too_large", f"a form may have {MOST_BYTES} bytes")
    if is_json(received):
        return _json(received.body)
    if not received.is_multipart():
        return list(received.form())
    found: Pairs = [(name, value) for name, value, _ in received.parts()]
    if not found:
        raise Refused(400, "bad_request", "the body is not what its content type says")
    return found


def _json(raw: bytes) -> Pairs:
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "bad_request", "the body is not JSON") from error
    if not isinstance(content, dict):
        raise Refused(400, "bad_request", "the body is not a JSON object")
    return list(content.items())
