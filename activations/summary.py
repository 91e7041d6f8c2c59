"""A plan as people read it: one small table per sync."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from activations import destinations

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
    for name, why in left_out(plan):
        if counts[name]:
            picture.add_row(f"! {name.replace('_', ' ')}", f"{counts[name]:,}", escape(why))
    picture.add_row("requests", f"{plan.requests:,}", duration(plan))
    if words := billed(plan):
        picture.add_row("billed", f"{plan.billed:,.0f}", words)
    picture.add_row("guards", "stop" if plan.is_blocked else "pass", guards(plan))
    if plan.reason:
        word = "[bold red]not sent[/]" if plan.is_blocked else "[bold yellow]held back[/]"
        picture.add_row(word, "", plan.reason)
    return picture


def left_out(plan: Plan) -> list[tuple[str, str]]:
    """Rows that the plan does not send, by operation, and why."""
    return [
        ("invalid", reasons(plan.invalid)),
        ("suppressed", reasons(plan.suppressed)),
        ("waiting", "rejected before, tried again later; see `millrace refused`"),
        ("parked", "rejected for good; see `millrace refused`"),
        ("held", f"wait for `millrace approve {plan.sync.name}`"),
        ("in_doubt", "sent, but nobody knows whether it arrived"),
        ("submitted", "in a job that the destination still works on"),
    ]


def reasons(samples: Sequence[tuple[str, str, int]]) -> str:
    """Reasons with the keyed hashes of the first rows they are about."""
    named = [
        f"{reason} ({count})" + (f" [{key[:8]}]" if key else "") for reason, key, count in samples
    ]
    return "; ".join(named)


def duration(plan: Plan) -> str:
    """Time at the vendor's limits."""
    return f"at least {plan.minutes:,.1f} min at the vendor's limit"


def billed(plan: Plan) -> str:
    """What the vendor counts on its bill, and where it says so."""
    bill = destinations.connector(plan.sync.destination).bill
    return f"{bill.unit} at least; {bill.source}" if bill else ""


def markdown(plan: Plan) -> str:
    """The same table for Dagster."""
    rows = [
        (name, f"{plan.counts[name]:,}", "") for name in ("create", "update", "remove", "unchanged")
    ]
    rows[1] = (*rows[1][:2], changes(plan))
    rows += [
        (n.replace("_", " "), f"{plan.counts[n]:,}", w) for n, w in left_out(plan) if plan.counts[n]
    ]
    rows.append(("requests", f"{plan.requests:,}", duration(plan)))
    if words := billed(plan):
        rows.append(("billed", f"{plan.billed:,.0f}", words))
    rows.append(("guards", "stop" if plan.is_blocked else "pass", guards(plan)))
    if plan.reason:
        rows.append(("held back", "", plan.reason))
    lines = [f"| {name} | {count} | {why.replace('|', '/')} |" for name, count, why in rows]
    return "\n".join(["| | rows | |", "| :--- | ---: | :--- |", *lines])


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
