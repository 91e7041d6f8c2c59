"""Small readings of a row's values that several connectors share."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any

import requests

from activations.connector import Outcome, Row

# The parts of a message under the names that most destinations give them too.
MAIL = {
    name: name
    for name in ("to", "from", "reply_to", "subject", "html", "text", "send_at", "unsubscribe_url")
}
TEXT = {name: name for name in ("to", "text", "send_at")}


def words(values: Mapping[str, Any], column: str) -> list[str]:
    """A column of words separated by commas, as a list."""
    return [word.strip() for word in str(values.get(column) or "").split(",") if word.strip()]


def gone(row: Row, column: str) -> list[str]:
    """Words that we gave and now take away; what others gave is theirs."""
    kept = set(words(row.payload, column))
    return [word for word in words(row.before, column) if word not in kept]


def given(row: Row, *but: str) -> dict[str, Any]:
    """Columns to send: those with a value, and those that just lost it (None)."""
    return {
        name: value
        for name, value in row.payload.items()
        if name not in but and (value is not None or name in row.changed)
    }


def text(value: object) -> str:
    """A value as vendors write it: true and false in lower case."""
    if type(value) is str:
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def json_of(response: requests.Response) -> dict[str, Any]:
    """The JSON object of an answer, or {} where it holds none."""
    try:
        value = response.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def unfilled(row: Row, *columns: str) -> Outcome | None:
    """The refusal of a row in which one of `columns` is empty."""
    for name in columns:
        if not row.payload.get(name):
            return Outcome(row.seq, "rejected", code="missing", message=f"{name} is empty")
    return None


def sender(payload: Mapping[str, Any], usual: str) -> tuple[str, str]:
    """Display name ('' = none) and address of whom a message is from: its own `from`, else the usual one."""
    return parseaddr(str(payload.get("from") or usual))
