"""Reads HTTP answers the way most vendors mean them: which status is whose fault, and how long to wait."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
import requests

from activations.errors import (
    InDoubtError,
    RefusedError,
    StopError,
    ThrottledError,
    TooLargeError,
)
from warehouse import clock

RESET_HEADERS = ("X-RateLimit-Reset", "RateLimit-Reset", "X-Sib-RateLimit-Reset")
# What is left of a window, and the header that says when it is whole again; of HubSpot's, how long it lasts.
REMAINING_HEADERS = (
    ("X-RateLimit-Remaining", "X-RateLimit-Reset"),
    ("RateLimit-Remaining", "RateLimit-Reset"),
    ("X-Sib-RateLimit-Remaining", "X-Sib-RateLimit-Reset"),
    ("X-HubSpot-RateLimit-Remaining", "X-HubSpot-RateLimit-Interval-Milliseconds"),
)
EPOCH_FROM = 1_000_000_000  # a reset value above this is a Unix time, below it a number of seconds
MILLIS_FROM = 100_000_000_000  # and above this one in milliseconds
STOPPING = {
    401: "the credentials are not accepted; check the token",
    402: "the account is out of credit or suspended",
    403: "the credentials may not do this; check the token's scopes",
}


def classify(response: requests.Response) -> None:
    """Return for 2xx; raise the error that says whose fault any other status is."""
    status = response.status_code
    if 200 <= status < 300:
        return
    if status == 429:
        raise ThrottledError(wait_seconds(response))
    if status in STOPPING:
        raise StopError(f"HTTP {status}: {STOPPING[status]}. Answer: {explain(response)}")
    if 300 <= status < 400:
        raise StopError(f"HTTP {status}: the base URL redirects; set the address it points to")
    if status == 413:
        raise TooLargeError(str(status), explain(response))
    if status in (408, 425) or status >= 500:
        raise InDoubtError(f"HTTP {status}: {explain(response)}")
    raise RefusedError(str(status), explain(response))


def classify_file(response: requests.Response) -> None:
    """Return for 200; a file of results that is kept elsewhere says nothing about the account, whatever it answers."""
    status = response.status_code
    if status == 429 or status >= 500:
        raise InDoubtError(f"HTTP {status} for a file of results")
    if status != 200:
        raise RefusedError(str(status), "the file of results is not to be had at its address")


def wait_seconds(response: requests.Response, now: datetime | None = None) -> float | None:
    """Seconds to wait by `Retry-After` (seconds or HTTP date) or a reset header; None when nothing is said."""
    present = now or clock.now()
    if text := response.headers.get("Retry-After", "").strip():
        if text.replace(".", "", 1).isdigit():
            return float(text)
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (aware - present).total_seconds())
    for header in RESET_HEADERS:
        if (seconds := _until(response, header, present)) is not None:
            return seconds
    return None


def spent_seconds(response: requests.Response, now: datetime | None = None) -> float:
    """How long to leave the account alone, by an answer that says that nothing is left of a window; 0 otherwise.

    Asked of accepted answers too, so that the next request is not the one that is refused.
    """
    present, longest = now or clock.now(), 0.0
    for left, reset in REMAINING_HEADERS:
        if response.headers.get(left, "").strip() == "0":
            longest = max(longest, _until(response, reset, present) or 0.0)
    return longest


def _until(response: requests.Response, header: str, present: datetime) -> float | None:
    """Seconds until a moment that a header names: as seconds, as a Unix time, or in milliseconds of either."""
    text = response.headers.get(header, "").strip()
    if not text.replace(".", "", 1).isdigit():
        return None
    value = float(text)
    if header.endswith("Milliseconds"):
        return value / 1000
    value = value / 1000 if value > MILLIS_FROM else value
    return max(0.0, value - present.timestamp()) if value > EPOCH_FROM else value


def says(response: requests.Response, *phrases: str) -> bool:
    """Whether an answer holds one of `phrases`, in any case: how `classify` finds a limit behind another status."""
    text = response.text.lower()
    return any(phrase.lower() in text for phrase in phrases)


def body(response: requests.Response) -> dict[str, Any]:
    """The JSON object in a 2xx answer. Anything else (a proxy's HTML page) leaves the request in doubt."""
    if response.status_code == 204 or not response.content:
        return {}
    value = _parsed(response)
    if not isinstance(value, dict):
        kind = response.headers.get("Content-Type", "no content type")
        raise InDoubtError(f"HTTP {response.status_code} with {kind} instead of a JSON object")
    return value


def items(response: requests.Response) -> list[dict[str, Any]]:
    """The JSON array of objects in a 2xx answer; anything else leaves the request in doubt."""
    value = _parsed(response)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InDoubtError(f"HTTP {response.status_code} without a JSON array of objects")
    return value


def _parsed(response: requests.Response) -> Any:
    """The JSON of an answer, None where it holds none; what is not UTF-8 is left to requests to guess."""
    try:
        return orjson.loads(response.content)
    except ValueError:
        pass
    try:
        return response.json()
    except ValueError:
        return None


def explain(response: requests.Response) -> str:
    """The vendor's own words about a failure, short. The engine redacts them before they are kept."""
    try:
        value = response.json()
    except ValueError:
        return response.reason or "no explanation"
    words: list[str] = []
    if isinstance(value, dict):
        told = ("message", "title", "detail", "error")
        words = [str(value[name]) for name in told if value.get(name)]
        for error in value.get("errors") or []:
            if isinstance(error, dict):
                words += [str(error[n]) for n in ("title", "detail", "message") if error.get(n)]
    return "; ".join(words) or response.reason or "no explanation"
