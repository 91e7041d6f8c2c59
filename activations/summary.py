"""A plan as people read it: one small table per sync."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from activations.plan import Plan

COLUMNS_SHOWN = 6


def table(plan: Plan) -> Table:
    """A rich table: adds, changes with their columns, removes, what is left out and why, cost and guards."""
    sync, counts = plan.sync, plan.counts
    picture = Table(
        title=f"{sync.name} → {sync.destination} {sync.object} ({sync.mode})",
        title_justify="left",
        title_style="bold",
        box=None,
        padding=(0, 1),
        show_header=False,
    )
    picture.add_column(justify="left")
    picture.add_column(justify="right")
    picture.add_column(justify="left", overflow="fold")
    picture.add_row("[green]+ create[/]", f"{counts['create']:,}", "")
    picture.add_row("[yellow]~ update[/]", f"{counts['update']:,}", changes(plan))
    if sync.mode == "mirror":
        picture.add_row("[red]- remove[/]", f"{counts['remove']:,}", sync.on_remove or "")
    picture.add_row("= unchanged", f"{counts['unchanged']:,}", "")
    bad = "; ".join(f"{reason} ({count})" for reason, _, count in plan.invalid)
    for name, why in (
        ("invalid", bad),
        ("waiting", "rejected before, tried again later"),
        ("parked", "rejected for good; see activations.retries"),
        ("in_doubt", "sent, but nobody knows whether it arrived"),
        ("submitted", "in a job that the destination still works on"),
    ):
        if counts[name]:
            picture.add_row(f"! {name.replace('_', ' ')}", f"{counts[name]:,}", why)
    picture.add_row(
        "requests", f"{plan.requests:,}", f"at least {plan.minutes:.1f} min at the vendor's limit"
    )
    picture.add_row("guards", "stop" if plan.is_blocked else "pass", guards(plan))
    if plan.reason:
        picture.add_row("[bold red]not sent[/]", "", plan.reason)
    return picture


def changes(plan: Plan) -> str:
    """The columns that change, most frequent first."""
    named = [f"{name} {count:,}" for name, count in plan.changed_columns.items()]
    more = len(named) - COLUMNS_SHOWN
    return ", ".join(named[:COLUMNS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def guards(plan: Plan) -> str:
    """The guards' limits in words."""
    guard = plan.sync.guards
    first = "" if plan.acknowledged else " (first run: exempt)"
    return f"min_rows {plan.sync.min_rows:,}, max_change_fraction {guard.max_change_fraction:.0%}{first}"


def line(counts: Mapping[str, int]) -> str:
    """Counts in one line."""
    parts = [f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if count]
    return ", ".join(parts) or "nothing to do"
