"""Vendors' webhooks, one module each, found by presence.

A module says `TABLE`, the landing table; `SECRETS`, the variable of the environment with its secret (two, separated by
a comma, while one replaces the other); `verify(received, secrets)`, which raises Refused; and `rows(received)`, the
records in the body, which raises ValueError when it cannot be read.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from collector.received import Received


@dataclass(frozen=True)
class Webhook:
    """One vendor."""

    name: str
    table: str
    secrets: str
    verify: Callable[[Received, list[str]], None]
    rows: Callable[[Received], list[Any]]


def webhooks() -> dict[str, Webhook]:
    """Every vendor by its name in the address."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        code = importlib.import_module(f"{__name__}.{module.name}")
        found[module.name] = Webhook(module.name, code.TABLE, code.SECRETS, code.verify, code.rows)
    return found


def each(value: Any) -> list[Any]:
    """The elements of an array, or the one value."""
    return value if isinstance(value, list) else [value]
