"""Reads what a form or a mail program posts: form-encoded, multipart or JSON, all as names with values."""

from __future__ import annotations

import json
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

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
    if received.header("content-type").lower().startswith("multipart/form-data"):
        return _multipart(received)
    return list(parse_qsl(received.body.decode("utf-8", "replace"), keep_blank_values=True))


def _json(raw: bytes) -> Pairs:
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "bad_request", "the body is not JSON") from error
    if not isinstance(content, dict):
        raise Refused(400, "bad_request", "the body is not a JSON object")
    return list(content.items())


def _multipart(received: Received) -> Pairs:
    head = b"Content-Type: " + received.header("content-type").encode() + b"\r\n\r\n"
    message = BytesParser(policy=HTTP).parsebytes(head + received.body)
    if not message.is_multipart():
        raise Refused(400, "bad_request", "the body is not what its content type says")
    found: Pairs = []
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            found.append((name, content.decode("utf-8", "replace")))
    return found
