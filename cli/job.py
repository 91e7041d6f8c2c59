"""Runs a job with a progress bar and prints every failure in full."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from orchestration.run import run_job
from warehouse.settings import Settings


def run_with_progress(settings: Settings, job: str, console: Console) -> bool:
    """Run `job`; returns whether every step succeeded and no check found an error. Warnings are only named."""
    columns = (
        TextColumn("{task.description:<60}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("loading definitions", total=None)

        def on_step(step: str, state: str, done: int, total: int) -> None:
            label = None if state == "ended" else " ".join(step.split())[:60]
            progress.update(task, description=label, completed=done, total=total)

        outcome = run_job(settings, job, on_step)
    for step, error in outcome.failures.items():
        console.print(f"[bold red]failed[/] {step}\n{escape(error)}", highlight=False)
    for sentence in outcome.errors:
        console.print("[bold red]error[/]", escape(sentence), highlight=False)
    for sentence in outcome.warnings:
        console.print("[yellow]warning[/]", escape(sentence), highlight=False)
    return outcome.succeeded
