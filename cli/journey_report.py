"""`millrace journey report`: what a journey did: how its stays ended, its funnel, its splits, what it earned."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from warehouse.settings import load

console = Console()
STAYS = """
    select version, cast(sum(entered_count) as bigint),
        cast(sum(entered_count - achieved_count - completed_count - exited_count - otherwise_ended_count) as bigint),
        cast(sum(goal_count) as bigint), cast(sum(completed_count) as bigint), cast(sum(exited_count) as bigint)
    from reports.rpt_journeys where journey = ? group by version order by min(day), version"""
STEPS = """
    select s.version, s.step_id, s.kind, s.reached_count, s.share_of_entered, s.waiting_count, s.median_hours,
        (select string_agg(w.branch || ' ' || w.left_count, ', ' order by w.left_count desc, w.branch)
            from reports.rpt_journey_ways as w
            where w.journey = s.journey and w.version = s.version and w.step_id = s.step_id)
    from reports.rpt_journey_steps as s
    where s.journey = ? order by s.version, s.ordinal"""
SPLITS = """
    select split, goal, arm, assigned_count, judged_count, reached_count, rate, rate_low, rate_high,
        case when is_frozen_winner then 'winner, frozen' when is_clearly_best then 'clearly best' else '' end
    from reports.rpt_journey_splits where journey = ? order by split, goal, arm"""
REVENUE = """
    select model, channel, currency, order_share, revenue_cents / 100
    from reports.rpt_journey_revenue where journey = ? order by model, channel, currency"""
EXITS = """
    select status, reason, cast(sum(ended_count) as bigint), max(median_hours)
    from reports.rpt_journey_exits where journey = ? group by status, reason order by 3 desc, 1, 2"""
PARTS = (
    ("Stays", STAYS, ("version", "entered", "inside", "goals", "completed", "exited")),
    ("How they ended", EXITS, ("how", "reason", "stays", "median hours")),
    ("Steps", STEPS, ("version", "step", "kind", "reached", "of all", "waiting", "median hours", "left by")),
    (
        "Splits (95 % intervals that stay valid however often one looks)",
        SPLITS,
        ("split", "goal", "arm", "assigned", "judged", "reached", "rate", "from", "to", ""),
    ),
    ("Revenue", REVENUE, ("model", "channel", "currency", "orders", "revenue")),
)  # fmt: skip
SHARES = frozenset({"of all", "rate", "from", "to"})


def report(
    name: Annotated[str, typer.Argument(help="the journey's name, that of its file")],
) -> None:
    """Tell what a journey did, from the published reports: ends, funnel, splits with intervals, revenue."""
    from activations.journeys.errors import JourneyError
    from cli.serving import published

    with published(load()) as con:
        found = [(title, con.execute(sql, [name]).fetchall(), names) for title, sql, names in PARTS]
    if not found[0][1]:
        raise JourneyError(f"nobody has entered {name!r} yet, by the published reports")
    for title, rows, names in found:
        if rows:
            console.print(_table(title, names, rows))


def _table(title: str, names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 1))
    for place, name in enumerate(names):
        is_number = any(isinstance(row[place], int | float) for row in rows)
        table.add_column(name, justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*(_cell(name, value) for name, value in zip(names, row, strict=True)))
    return table


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name in SHARES:
        return f"{value:.1%}"
    return (
        f"{value:,}"
        if isinstance(value, int)
        else f"{value:,.1f}"
        if isinstance(value, float)
        else str(value)
    )
