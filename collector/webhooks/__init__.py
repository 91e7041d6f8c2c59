"""Vendors' webhooks, one module each, found by presence.

A module says `TABLE`, the landing table; `SECRETS`, the variable of the environment with its secret (two, separated by
a comma, while one replaces the other); `verify(received, secrets)`, which raises Refused; and `rows(received)`, the
records in the body, which raises ValueError when it cannot be read. One that says `FETCHES` also gets what reads an
address, as `fetch`, and has `after(received, fetch)`, called once the rows are on disk. One that says `BY_QUERY` is
also told by GET, the record in the address.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from collector.fetch import Fetch, Fetcher
from collector.received import Received


@dataclass(frozen=True)
class Webhook:
    """One vendor."""

    name: str
    table: str
    secrets: str
    verify: Callable[[Received, list[str]], None]
    rows: Callable[[Received], list[Any]]
    after: Callable[[Received], None] | None = None
    by_query: bool = False


def webhooks(fetch: Fetch | None = None) -> dict[str, Webhook]:
    """Every vendor by its name in the address; `fetch` reads what a vendor keeps at an address of its own."""
    fetch = fetch or Fetcher()
    found = {}
    for module in pkgutil.iter_modules(__path__):
        code = importlib.import_module(f"{__name__}.{module.name}")
        fetches = getattr(code, "FETCHES", False)
        found[module.name] = Webhook(
            name=module.name,
            table=code.TABLE,
            secrets=code.SECRETS,
            verify=partial(code.verify, fetch=fetch) if fetches else code.verify,
            rows=code.rows,
            after=partial(code.after, fetch=fetch) if fetches else None,
            by_query=getattr(code, "BY_QUERY", False),
        )
    return found


def each(value: Any) -> list[Any]:
    """The elements of an array, or the one value."""
    return value if isinstance(value, list) else [value]
