"""What passes between the wire and a vendor: request, context (state, clock, faults), answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from examples.shop.endpoints.state import Body, Objects


@dataclass(frozen=True)
class Request:
    """One HTTP request; `path` has no query, header names are lower case, of repeats the last."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Body | None:
        """The body as a JSON object, None when it is anything else."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return None
        return value if isinstance(value, dict) else None

    def form(self) -> dict[str, str]:
        """The body as form fields; blank values are kept."""
        text = self.body.decode("utf-8", "replace")
        return {name: values[-1] for name, values in parse_qs(text, True).items()}


@dataclass(frozen=True)
class Answer:
    """Status, JSON body (None: empty) and additional headers."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """What a vendor's handler may touch; schedules count from `now`, records bear `received_at`."""

    request: Request
    objects: Objects
    now: datetime
    received_at: datetime
    is_planted_bad: Callable[[Any], bool] = lambda row: False

    def page(self, rows: list[Body], default: int, most: int) -> list[Body]:
        """The window that `limit` and `offset` ask for."""
        start = whole_number(self.request.query.get("offset"), 0)
        size = min(whole_number(self.request.query.get("limit"), default), most)
        return rows[start : start + size]


Handler = Callable[..., Answer]
Route = tuple[str, re.Pattern[str], Handler]


def route(method: str, pattern: str, handler: Handler) -> Route:
    """One line of a vendor's routing table; groups of the pattern become arguments."""
    return method, re.compile(pattern), handler


def dispatch(routes: Sequence[Route], context: Context, path: str) -> Answer | None:
    """Call the handler of the first route that fits; None when there is none."""
    for method, pattern, handler in routes:
        if method == context.request.method and (match := pattern.fullmatch(path)):
            return handler(context, *match.groups())
    return None


def whole_number(text: str | None, default: int) -> int:
    """A non-negative number from a query, the default when it is none."""
    return int(text) if text and text.isascii() and text.isdigit() else default
