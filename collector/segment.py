"""Turns a body of the Segment HTTP API into landing lines, one call each; plain functions, nothing is dropped."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

TABLE = "segment/events"
TYPES = {name: name for name in ("track", "identify", "page", "screen", "group", "alias")}
# The browser SDK says the first letter.
TYPES |= {name[0]: name for name in TYPES if name != "screen"} | {"s": "screen"}
BATCHES = frozenset({"batch", "b", "import"})
MOST_SKEW = timedelta(hours=24)
MOST_FUTURE = timedelta(minutes=5)


class BadRequest(Exception):
    """The body is not a call; the message says what is wrong with it."""


def write_keys(headers: Mapping[str, str], body: Mapping[str, Any]) -> set[str]:
    """Every write key that a request carries: Basic (with or without the colon), Bearer, in the body."""
    found = {str(body["writeKey"])} if body.get("writeKey") else set()
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            found.add(base64.b64decode(value, validate=True).decode().partition(":")[0])
        except (binascii.Error, UnicodeDecodeError):
            return found
    return {key for key in found if key}


def parse(raw: bytes) -> dict[str, Any]:
    """The body as an object. Raises BadRequest."""
    try:
        body = json.loads(raw)
    except (ValueError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadRequest("the body is not a JSON object")
    return body


def calls(kind: str, body: dict[str, Any]) -> list[Any]:
    """The calls in a body: the items of a batch, or the one that the path names. Raises BadRequest."""
    if kind in BATCHES:
        items = body.get("batch")
        if not isinstance(items, list):
            raise BadRequest("a batch needs `batch`, a list of calls")
        shared = {name: body[name] for name in ("context", "integrations") if name in body}
        return [_with_shared(item, shared, body) for item in items]
    return [{**body, "type": TYPES[kind]}]


def line(call: Any, write_key: str, received_at: datetime) -> bytes:
    """One call as the landing file's line, with its key and its four times.

    A call that is no object, or lacks its type, is kept as it came: the loader puts it into quarantine with the reason.
    """
    if not isinstance(call, dict):
        return _json(call)
    times = _times(call, received_at)
    row = {name: value for name, value in call.items() if name != "writeKey"}
    row["messageId"] = str(call.get("messageId") or "") or _derived_key(call, write_key)
    for name in ("userId", "anonymousId", "previousId", "groupId"):
        # SDKs send explicit nulls, and numbers.
        row[name] = None if call.get(name) is None else str(call[name])
    return _json({**row, **times})


def _with_shared(item: Any, shared: dict[str, Any], body: dict[str, Any]) -> Any:
    if not isinstance(item, dict):
        return item
    merged = dict(item)
    for name, value in shared.items():
        own = item.get(name)
        merged[name] = (
            {**value, **own} if isinstance(own, dict) and isinstance(value, dict) else own or value
        )
    if "sentAt" in body:
        merged.setdefault("sentAt", body["sentAt"])
    return merged


def _times(call: dict[str, Any], received_at: datetime) -> dict[str, str | None]:
    """When it happened by our clock: what the sender's clock is off by is what it claims to have sent at.

    Source: Segment's spec, timestamp = receivedAt - (sentAt - originalTimestamp). Without a plausible sentAt (more
    than a day away: replayed or imported) the sender's own time stands; nothing happens later than in five minutes.
    """
    sent = _moment(call.get("sentAt"))
    original = _moment(call.get("originalTimestamp")) or _moment(call.get("timestamp"))
    happened = original or received_at
    if original and sent and abs(received_at - sent) <= MOST_SKEW:
        try:
            happened = received_at - (sent - original)
        except OverflowError:
            # The first or last day of the calendar, some libraries' word for no time.
            happened = original
    happened = min(happened, received_at + MOST_FUTURE)
    return {
        "timestamp": moment_text(happened),
        "originalTimestamp": moment_text(original) if original else None,
        "sentAt": moment_text(sent) if sent else None,
        "receivedAt": moment_text(received_at),
    }


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def moment_text(moment: datetime) -> str:
    """A moment as landing files write it: UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _derived_key(call: dict[str, Any], write_key: str) -> str:
    content = {name: value for name, value in call.items() if name not in ("sentAt", "receivedAt")}
    text = json.dumps([write_key, content], sort_keys=True, ensure_ascii=False)
    return "derived-" + hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
