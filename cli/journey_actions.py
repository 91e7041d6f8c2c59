"""`millrace journey actions`: what journeys asked of others, what became of it, and why the rest waits."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from activations.actions import look
from activations.journeys import tables
from warehouse.connection import connect
from warehouse.settings import load

console = Console()


def actions(
    journey: Annotated[
        str | None, typer.Argument(help="only this journey's; all when left out")
    ] = None,
    trouble: Annotated[
        bool, typer.Option(help="only what waits, is in doubt, was refused or expired")
    ] = False,
) -> None:
    """List deals, tasks, notifications, calls and updates by step, state and reason; `why` tells of one contact's."""
    with connect(load()) as con:
        tables.ensure(con)
        rows = look.overview(con, journey, trouble=trouble)
    table = Table(box=None, padding=(0, 1))
    for name in ("journey", "step", "kind", "state", "reason", "actions", "last asked"):
        table.add_column(name, justify="right" if name == "actions" else "left")
    for *words, count, last in rows:
        table.add_row(*(str(word or "") for word in words), f"{count:,}", f"{last:%Y-%m-%d %H:%M}")
    console.print(table if rows else "nothing")
