"""`millrace journey backtest | diff | ahead`: what a journey would have done, does differently, and will do."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from activations.conditions.catalog import from_manifest
from activations.journeys import load as files
from activations.journeys.errors import JourneyError
from activations.journeys.replay import commands
from activations.journeys.replay.commands import Finder
from activations.journeys.replay.run import Planned
from warehouse import clock
from warehouse.manifest import load_manifest
from warehouse.settings import Settings, load

console = Console()
Days = Annotated[int, typer.Option(help="how many days", min=1, max=730)]
Every = Annotated[int, typer.Option(help="hours between two ticks", min=1, max=24)]
Out = Annotated[Path | None, typer.Option(help="CSV file for every message")]


def _finder(settings: Settings) -> Finder:
    manifest = load_manifest(settings, refresh=False)
    return lambda con: from_manifest(con, manifest)


def backtest(
    names: Annotated[
        list[str] | None, typer.Argument(help="journeys by name; all together when left out")
    ] = None,
    days: Days = 30,
    every: Every = 1,
    out: Out = None,
) -> None:
    """Run journeys over the last days on a copy: who would have entered, and every message with time and reason."""
    settings = load()
    as_of = clock.as_of(settings)
    chosen = [path for path in files.paths(settings.project) if not names or path.stem in names]
    if missing := sorted(set(names or ()) - {path.stem for path in chosen}):
        raise JourneyError(f"there is no models/journeys/{missing[0]}.yml")
    journeys = [files.read(path)[0] for path in chosen]
    step = dt.timedelta(hours=every)
    done = commands.backtest(settings, _finder(settings), journeys, as_of, days, step)
    result = done.result
    console.print(f"{result.start:%Y-%m-%d %H:%M} to {result.end:%Y-%m-%d %H:%M} UTC, on a copy")
    table = _table(
        "journey", "entered", "refused", "achieved", "inside at the end", "sent", "not sent"
    )
    for journey in journeys:
        name = journey.journey
        refused = sum(
            n
            for (j, decision), n in result.considered.items()
            if j == name and decision != "enrolled"
        )
        achieved = sum(n for (j, _), n in result.goals.items() if j == name)
        unsent = sum(n for (j, _, _), n in result.blocked.items() if j == name)
        sent = sum(one.journey == name for one in result.sent)
        cells = (result.entered[name], refused, achieved, result.ends[name, "active"], sent, unsent)
        table.add_row(name, *(f"{cell:,}" for cell in cells))
    console.print(table)
    _messages(result.sent)
    if result.blocked:
        table = _table(
            "journey", "not sent", "messages", "why", words=("journey", "not sent", "why")
        )
        for (name, state, reason), n in result.blocked.most_common(12):
            table.add_row(name, state, f"{n:,}", reason)
        console.print(table)
    _volume(result.by_hour)
    for told in done.limits:
        console.print(f"not as it was: {told}", highlight=False)
    _write(out, result.messages)


def diff(
    first: Annotated[Path, typer.Argument(help="a journey's file")],
    second: Annotated[Path, typer.Argument(help="the file it becomes")],
    days: Days = 30,
    every: Every = 1,
) -> None:
    """Run two files over the same days, each on a copy: who gets which message now, and who no longer does."""
    settings = load()
    found = commands.diff(
        settings,
        _finder(settings),
        (first, second),
        clock.as_of(settings),
        days,
        dt.timedelta(hours=every),
    )
    console.print(f"over the last {days} days, {first} → {second}")
    console.print(f"entries {found.entered[0]:,} → {found.entered[1]:,}")
    console.print(f"messages {found.messages[0]:,} → {found.messages[1]:,}")
    for message in sorted({*found.gained, *found.lost, *found.moved}):
        parts = []
        if n := found.gained[message]:
            parts.append(f"{n:,} contacts now get {message}")
        if n := found.lost[message]:
            parts.append(
                f"{n:,} no longer do" if parts else f"{n:,} contacts no longer get {message}"
            )
        if n := found.moved[message]:
            parts.append(
                f"{n:,} get it at another time" if parts else f"{n:,} get {message} at another time"
            )
        console.print(", ".join(parts))
    if not (found.gained or found.lost or found.moved):
        console.print("nobody gets another message than before")


def ahead(days: Days = 7, every: Every = 1, out: Out = None) -> None:
    """Show what the journeys will send in the next days to those inside, if nothing new happens; on a copy."""
    settings = load()
    step = dt.timedelta(hours=every)
    result = commands.ahead(settings, _finder(settings), clock.as_of(settings), days, step)
    console.print(f"{result.start:%Y-%m-%d %H:%M} to {result.end:%Y-%m-%d %H:%M} UTC")
    table = _table("day", "journey", "message", "messages", words=("day", "journey", "message"))
    counts = Counter((f"{o.send_at:%Y-%m-%d}", o.journey, o.message) for o in result.sent)
    for (day, journey, message), n in sorted(counts.items()):
        table.add_row(day, journey, message, f"{n:,}")
    console.print(table if counts else "no message")
    for (name, state, reason), n in result.blocked.most_common(8):
        console.print(f"{name}: {n:,} {state}, {reason}", highlight=False)
    _write(out, result.messages)


def _table(*columns: str, words: tuple[str, ...] = ("journey",)) -> Table:
    table = Table(box=None, padding=(0, 1))
    for column in columns:
        table.add_column(column, justify="left" if column in words else "right")
    return table


def _messages(sent: Sequence[Planned]) -> None:
    table = _table("journey", "message", "sent", "contacts", words=("journey", "message"))
    counts = Counter((one.journey, one.message) for one in sent)
    people = {key: {o.contact_id for o in sent if (o.journey, o.message) == key} for key in counts}
    for (journey, message), n in sorted(counts.items()):
        table.add_row(journey, message, f"{n:,}", f"{len(people[journey, message]):,}")
    if counts:
        console.print(table)


def _volume(by_hour: Counter[dt.datetime]) -> None:
    if not by_hour:
        return
    (peak, most), *_ = by_hour.most_common(1)
    console.print(f"most in one hour: {most:,}, at {peak:%Y-%m-%d %H:%M} UTC", highlight=False)
    clocks: Counter[int] = Counter()
    for moment, n in by_hour.items():
        clocks[moment.hour] += n
    widest = max(clocks.values())
    for hour in sorted(clocks):
        console.print(
            f"{hour:02d}:00 {'█' * max(1, round(30 * clocks[hour] / widest))} {clocks[hour]:,}",
            highlight=False,
        )


def _write(out: Path | None, messages: Sequence[Planned]) -> None:
    if out is None:
        return
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(Planned.__dataclass_fields__)
        for one in messages:
            writer.writerow([getattr(one, name) for name in Planned.__dataclass_fields__])
    console.print(f"wrote {len(messages):,} messages to {out}")
