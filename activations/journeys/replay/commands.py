"""Backtest, comparison of two files, and the days ahead, each on a copy of its own."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from activations.conditions.catalog import Catalog
from activations.journeys import load, tables
from activations.journeys.definition import Journey
from activations.journeys.errors import JourneyError
from activations.journeys.replay.run import Planned, Replayed, replay
from activations.journeys.replay.shadow import forget_after, open_shadow, take
from activations.journeys.running import load_running
from activations.journeys.validate import validate
from activations.outbox.rules import load as load_rules
from warehouse.connection import copy_of
from warehouse.relations import has_table
from warehouse.settings import Settings

Finder = Callable[[duckdb.DuckDBPyConnection], Catalog]
HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Backtest:
    """What would have been, and what could not be replayed as it was."""

    result: Replayed
    limits: tuple[str, ...]


def backtest(
    settings: Settings,
    catalog_of: Finder,
    journeys: Sequence[Journey],
    as_of: dt.datetime,
    days: int,
    step: dt.timedelta = HOUR,
) -> Backtest:
    """`journeys` published so many days ago and run until `as_of`; raises JourneyError where one cannot run."""

    def copy(con: duckdb.DuckDBPyConnection) -> Catalog:
        catalog = catalog_of(con)
        for journey in journeys:
            wrong = [p.text for p in validate(journey, catalog) if p.severity == "error"]
            if wrong:
                raise JourneyError(f"{journey.journey}: " + "; ".join(wrong))
        return take(con, catalog, journeys, state=False)

    start = as_of - dt.timedelta(days=days)
    with copy_of(settings, copy) as (con, catalog):
        shadow = open_shadow(con, catalog)
        rules = load_rules(settings.project / "models" / "messages")
        result = replay(shadow, journeys, rules, start, as_of, step)
        if result.broken:
            raise JourneyError("; ".join(f"{name}: {why}" for name, why in result.broken.items()))
        return Backtest(result, _limits(shadow.since, start))


def ahead(
    settings: Settings, catalog_of: Finder, as_of: dt.datetime, days: int, step: dt.timedelta = HOUR
) -> Replayed:
    """Everybody who is inside now, moved on for so many days in which nothing new happens."""
    found: list[Journey] = []

    def copy(con: duckdb.DuckDBPyConnection) -> Catalog:
        if not has_table(con, "journeys", "control"):
            raise JourneyError("no journey was published yet; `millrace journey tick` does it")
        found.extend(one.journey for one in load_running(con))
        return take(con, catalog_of(con), found, state=True)

    with copy_of(settings, copy) as (con, catalog):
        shadow = open_shadow(con, catalog)
        tables.ensure(con)
        last = con.execute("select max(as_of) from journeys.ticks").fetchall()[0][0]
        if last is not None:
            as_of = max(as_of, last.replace(tzinfo=dt.UTC))
        forget_after(con, as_of)
        rules = load_rules(settings.project / "models" / "messages")
        return replay(shadow, (), rules, as_of, as_of + dt.timedelta(days=days), step)


@dataclass(frozen=True)
class Difference:
    """What of the second file differs from the first: per message those who now get it, and those who no longer do."""

    entered: tuple[int, int]
    gained: Counter[str]
    lost: Counter[str]
    messages: tuple[int, int]
    moved: Counter[str]
    """Those who get a message at another time."""


def compare(
    first: Sequence[Planned], second: Sequence[Planned]
) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Contacts by message: only in the second, only in the first, in both at other times."""
    was, becomes = _first_times(first), _first_times(second)
    gained = Counter(message for message, contact in becomes.keys() - was.keys())
    lost = Counter(message for message, contact in was.keys() - becomes.keys())
    both = was.keys() & becomes.keys()
    return gained, lost, Counter(key[0] for key in both if was[key] != becomes[key])


def _first_times(messages: Sequence[Planned]) -> dict[tuple[str, str], dt.datetime | None]:
    found: dict[tuple[str, str], dt.datetime | None] = {}
    for one in messages:
        found.setdefault((one.message, one.contact_id), one.send_at)
    return found


def diff(
    settings: Settings,
    catalog_of: Finder,
    paths: tuple[Path, Path],
    as_of: dt.datetime,
    days: int,
    step: dt.timedelta = HOUR,
) -> Difference:
    """Both files over the same days."""
    results = []
    for path in paths:
        if not path.exists():
            raise JourneyError(f"there is no {path}")
        journey, _ = load.parse(path.read_text(encoding="utf-8"), str(path))
        results.append(backtest(settings, catalog_of, [journey], as_of, days, step).result)
    first, second = results
    gained, lost, moved = compare(first.sent, second.sent)
    return Difference(
        (sum(first.entered.values()), sum(second.entered.values())),
        gained,
        lost,
        (len(first.sent), len(second.sent)),
        moved,
    )


def _limits(since: dict[str, dt.datetime | None] | object, start: dt.datetime) -> tuple[str, ...]:
    """What is not as it was then."""
    naive = start.replace(tzinfo=None)
    told = [
        "consent and suppressions are today's",
        "nobody reacts to a message that was never sent",
    ]
    words = {
        "history": ("contacts' attributes", "before it the oldest known values count"),
        "scores": ("scores", "before it they are unknown"),
        "memberships": ("segments", "before it nobody is in one"),
    }
    known = since if isinstance(since, dict) else {}
    for name, (what, before) in words.items():
        moment = known.get(name)
        if moment is None:
            told.append(f"{what} have no history: {before}")
        elif moment > naive:
            told.append(f"{what} have a history since {moment:%Y-%m-%d} only: {before}")
    return tuple(told)
