"""`millrace journey …`: check and publish journeys, advance everybody, and ask who is where and why."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from activations.journeys import report, run, story, tables
from activations.journeys.errors import JourneyError
from cli import (
    journey_actions,
    journey_diagram,
    journey_lint,
    journey_pause,
    journey_replay,
    journey_report,
)
from warehouse import clock
from warehouse.connection import connect
from warehouse.manifest import Manifest, load_manifest
from warehouse.settings import Settings, load

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Journeys: automations over days and weeks, one file each.",
)
app.command()(journey_diagram.diagram)
app.command()(journey_report.report)
app.command()(journey_actions.actions)
for _command in (
    *(journey_lint.lint, journey_replay.backtest, journey_replay.diff, journey_replay.ahead),
    *(journey_pause.pause, journey_pause.resume, journey_pause.enroll),
):
    app.command()(_command)
console = Console()
Name = Annotated[str, typer.Argument(help="the journey's name, that of its file")]


def _installation() -> tuple[Settings, Manifest, datetime]:
    settings = load()
    return settings, load_manifest(settings, refresh=False), clock.as_of(settings)


@app.command()
def tick() -> None:
    """Advance everybody in every journey to now: one transaction, safe to repeat."""
    settings, manifest, as_of = _installation()
    outcome = run.run_tick(settings, manifest, as_of)
    done = outcome.ticked
    console.print(
        f"tick {done.as_of:%Y-%m-%d %H:%M} UTC: {done.enrolled:,} entered, {done.moved:,} steps passed, "
        f"{done.proposed:,} messages proposed, {done.ended:,} ended, {done.quarantined:,} in quarantine"
    )
    for name in outcome.published:
        console.print(f"published {name}")
    for name, why in outcome.waiting.items():
        console.print(f"[yellow]{name} has changed[/]: {why}; see `millrace journey plan {name}`")
    for text in outcome.warnings:
        console.print(f"[yellow]warning[/] {text}")
    for name, why in done.held.items():
        console.print(f"[yellow]{name} waits[/]: {why}")
    wrong = {**outcome.wrong, **done.broken}
    for name, why in wrong.items():
        console.print(f"[red]{name} does not run[/]: {why}")
    if wrong:
        raise typer.Exit(1)


@app.command("list")
def list_journeys() -> None:
    """List the journeys: state, who is inside, who went through and how it ended."""
    settings, _, _ = _installation()
    with connect(settings) as con:
        tables.ensure(con)
        rows = report.overview(con)
    table = Table(box=None, padding=(0, 1))
    for column in (
        "journey",
        "state",
        "entered",
        "inside",
        "achieved",
        "completed",
        "exited",
        "messages",
    ):
        table.add_column(column, justify="left" if column in ("journey", "state") else "right")
    for row in rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    console.print(table)


@app.command()
def check() -> None:
    """Check every journey's file against this installation; each finding has its file and line."""
    settings, manifest, _ = _installation()
    with connect(settings) as con:
        catalog = run.prepare(con, manifest)
        good, wrong, warnings = run.definitions(settings, catalog)
    for text in warnings:
        console.print(f"[yellow]warning[/] {text}", soft_wrap=True)
    for text in wrong.values():
        console.print(f"[red]{text}[/]", soft_wrap=True)
    console.print(f"{len(good)} journeys are right, {len(wrong)} are wrong")
    if wrong:
        raise typer.Exit(1)


@app.command()
def plan(name: Name) -> None:
    """Show what publishing a changed file does to those inside; changes nothing."""
    _moves(name, dry_run=True)


@app.command()
def publish(name: Name) -> None:
    """Publish a changed file and move those inside, as `plan` shows."""
    _moves(name, dry_run=False)


def _moves(name: str, *, dry_run: bool) -> None:
    settings, manifest, as_of = _installation()
    moves = run.publish_one(settings, manifest, name, as_of, dry_run=dry_run)
    if not moves:
        console.print("nobody is moved")
    for move in moves:
        console.print(f"{move.contacts:>8,}  {move.step} → {move.to}  {move.note}")


@app.command()
def why(
    who: Annotated[
        str | None, typer.Argument(help="contact id, e-mail address, or the id of a message")
    ] = None,
    contact: Annotated[str | None, typer.Option(help="the same, said by name")] = None,
    message: Annotated[str | None, typer.Option(help="id of a message in the outbox")] = None,
    journey: Annotated[str | None, typer.Option(help="only this journey")] = None,
) -> None:
    """Tell what journeys did with a contact, or what led to a message, with the values that decided."""
    asked = message or contact or who
    if asked is None:
        raise typer.BadParameter("name a contact or a message")
    settings, _, _ = _installation()
    with connect(settings) as con:
        tables.ensure(con)
        if message or story.is_message(con, asked):
            rows = story.of_message(con, asked)
        else:
            rows = story.of_contact(con, story.contact_of(con, asked), journey)
    if not rows:
        raise JourneyError(f"no journey has had anything to do with {asked}")
    for row in rows:
        console.print(str(row), soft_wrap=True, highlight=False, markup=False)
