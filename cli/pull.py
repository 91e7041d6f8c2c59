"""Pulls from a vendor with a progress bar per table, and says how many rows came."""

from __future__ import annotations

import os

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from orchestration import pulls
from warehouse.settings import Settings


def pull_with_progress(
    settings: Settings, source: str, tables: tuple[str, ...], console: Console
) -> None:
    """Pull `tables` (all without any) of `source`, and print rows by table. Raises LoaderError."""
    columns = (
        TextColumn("{task.description:<20}"),
        BarColumn(),
        TextColumn("{task.completed:>9,.0f} rows"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def on_page(table: str, rows: int, total: int) -> None:
            if table not in tasks:
                tasks[table] = progress.add_task(table)
            progress.update(tasks[table], completed=rows, total=max(rows, total) or None)

        pulled = pulls.pull(source, settings, os.environ, tables, on_page)
    shown = Table("table", "rows", title=f"pulled from {source}")
    for name, count in pulled.rows.items():
        if count:
            shown.add_row(name, f"{count:,}")
    if shown.row_count:
        console.print(shown)
    console.print(f"{sum(pulled.rows.values()):,} rows in {pulled.requests:,} requests")
