"""Tells of the watches over all models, and lets a person accept what one of them holds back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ml import monitor, registry
from warehouse import clock
from warehouse.connection import connect
from warehouse.internal import ensure
from warehouse.settings import Settings


@dataclass(frozen=True)
class Row:
    """One model in words: what serves, since when, why, and what its watches say."""

    model: str
    serves: str
    as_of: str
    verdict: str
    watches: str


def overview(settings: Settings, as_of: datetime) -> list[Row]:
    """One row per model, by name."""
    found = []
    with connect(settings) as con:
        ensure(con, {})
        for name in registry.names():
            last = registry.latest(con, name, as_of)
            told = [
                f"{w.monitor}: {'held, ' if w.is_held else ''}{w.seen}"
                for w in registry.monitors(con, name)
                if not w.is_well
            ]
            if last is None:
                found.append(Row(name, "nothing yet", "", "never trained", ""))
            else:
                serves = str(last["version"]) if last["is_promoted"] else "fallback"
                when = f"{last['as_of']:%Y-%m-%d %H:%M}"
                found.append(
                    Row(name, serves, when, str(last["verdict"]), "; ".join(told) or "well")
                )
    return found


def accept(settings: Settings, name: str, by: str) -> str | None:
    """Let the newest scores through and compare later ones with them; what was held, or None."""
    with connect(settings) as con:
        ensure(con, {})
        held = monitor.held(con, name)
        if held is None:
            return None
        con.execute(
            "update ml.monitors set is_held = false, accepted_by = ?, accepted_at = ? "
            "where model = ? and monitor = 'distribution' and as_of = ?",
            [by, clock.naive(clock.now()), name, held["as_of"]],
        )
    return str(held["seen"])
