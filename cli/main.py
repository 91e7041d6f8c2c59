"""The `millrace` command; each subcommand is one call into the packages and one picture of what came back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.exit import leave
from cli.later import Later
from warehouse import clock
from warehouse.errors import WarehouseError
from warehouse.memory import look_seldom
from warehouse.settings import Settings, load

app = typer.Typer(
    cls=Later,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Customer experience automation in your own data warehouse.",
)
console = Console()

Contact = Annotated[str, typer.Argument(help="contact id, or an e-mail address of the contact")]


def _settings() -> tuple[Settings, datetime]:
    settings = load()
    return settings, clock.as_of(settings)


@app.command()
def run(
    job: Annotated[str, typer.Argument(help="main, decide, refresh, score or activate")] = "main",
) -> None:
    """Run a job here and now, and print what it did."""
    from cli import summary
    from cli.job import run_with_progress

    settings, _ = _settings()
    if not run_with_progress(settings, job, console):
        raise typer.Exit(1)
    summary.show(settings, console)


@app.command()
def pull(
    source: Annotated[str, typer.Argument(help="activecampaign")],
    table: Annotated[
        list[str] | None, typer.Option(help="only this table; repeat for several")
    ] = None,
) -> None:
    """Ask a vendor for what changed since the last pull; it lands as files for the next refresh."""
    from cli.pull import pull_with_progress

    pull_with_progress(_settings()[0], source, tuple(table or ()), console)


@app.command()
def status() -> None:
    """Print the summary of what is in the warehouse and what was pushed, without running anything."""
    from cli import summary

    summary.show(_settings()[0], console)


@app.command()
def plan(
    sync: Annotated[str | None, typer.Argument(help="a sync's name; all when left out")] = None,
) -> None:
    """Show what a sync would create, change and remove; sends nothing and writes nothing."""
    from cli import plans

    settings, as_of = _settings()
    if not plans.show(settings, as_of, sync, console):
        raise typer.Exit(1)


@app.command()
def approve(
    sync: Annotated[str, typer.Argument(help="a sync whose newest plan was held back")],
    by: Annotated[str | None, typer.Option(help="who approves; you when left out")] = None,
) -> None:
    """Let a plan pass that a guard, a sync's own rule or a canary held back; its next run sends it."""
    from cli import plans

    plans.approve(_settings()[0], sync, by, console)


@app.command()
def refused(
    sync: Annotated[str | None, typer.Argument(help="a sync's name; all when left out")] = None,
) -> None:
    """List the rows that destinations refused: in the vendor's words, and when they are tried again, if ever."""
    from cli import plans

    plans.refused(_settings()[0], sync, console)


@app.command()
def explain(who: Contact) -> None:
    """Explain a contact's lead score point by point, their chance to convert, their best hour and their open deals."""
    from cli import contact

    if not contact.explain(_settings()[0], who, console):
        raise typer.Exit(1)


@app.command("contact")
def account(
    who: Contact,
    limit: Annotated[int, typer.Option(help="how many touches, newest first")] = 40,
) -> None:
    """Account for every touch of one contact: what was sent where, what came of it, what was withheld and why."""
    from cli import contact

    if not contact.account(_settings()[0], who, limit, console):
        raise typer.Exit(1)


@app.command()
def timeline(
    who: Contact,
    limit: Annotated[int, typer.Option(help="how many entries, newest first")] = 40,
) -> None:
    """Show everything that happened with one contact, newest first."""
    from cli import contact

    if not contact.timeline(_settings()[0], who, limit, console):
        raise typer.Exit(1)


@app.command()
def learn(
    source: Annotated[
        str, typer.Argument(help="a CSV, JSON lines or Parquet file, or schema.table")
    ],
    label: Annotated[
        str, typer.Option(help="the column to tell: yes or no, true or false, 1 or 0")
    ],
    entity: Annotated[
        str | None, typer.Option(help="the column that names whom a row is about")
    ] = None,
    time: Annotated[
        str | None, typer.Option(help="the column that says when the row was known")
    ] = None,
    known: Annotated[
        str | None, typer.Option(help="the column that says when the label became known")
    ] = None,
    horizon_days: Annotated[
        float, typer.Option(help="or: days after --time at which the label is known")
    ] = 0.0,
    ignore: Annotated[
        list[str] | None, typer.Option(help="a column that is no feature; repeat for several")
    ] = None,
    fallback: Annotated[
        list[str] | None,
        typer.Option(
            help="columns whose rates are to be beaten, as a or a,b; repeat for finer levels"
        ),
    ] = None,
    positive: Annotated[
        str | None, typer.Option(help="the label's value that counts as yes")
    ] = None,
    seed: Annotated[int, typer.Option(help="the same seed and rows give the same model")] = 7,
    out: Annotated[
        Path | None, typer.Option(help="folder for pictures, the model and predictions")
    ] = None,
    predict: Annotated[
        str | None, typer.Option(help="what to predict; rows without a label when left out")
    ] = None,
) -> None:
    """Ask whether a column can be told from the others: a verdict, what it rests on, and predictions."""
    from cli import learn as learning

    question = learning.Question(
        label=label,
        entity=entity,
        time=time,
        known=known,
        horizon_days=horizon_days,
        ignore=tuple(ignore or ()),
        fallback=tuple(fallback or ()),
        positive=positive,
        seed=seed,
    )
    learning.run(*_settings(), source, question, out, predict, console)


@app.command()
def collect(
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="port to listen on")] = 8030,
    workers: Annotated[int, typer.Option(help="processes")] = 1,
) -> None:
    """Receive events (Segment's HTTP API), vendors' webhooks and forms, and write them into the landing folder."""
    from collector.serve import serve

    serve(host, port, workers)


@app.command()
def erase(
    who: Annotated[
        str | None, typer.Argument(help="contact id, e-mail address or phone number as +49…")
    ] = None,
    reason: Annotated[
        str, typer.Option(help="why; kept with the erasure, so name nobody")
    ] = "request",
    dry_run: Annotated[bool, typer.Option(help="only show what would be erased")] = False,
    resume: Annotated[bool, typer.Option(help="finish an erasure that was interrupted")] = False,
) -> None:
    """Erase a person everywhere, keep their address suppressed, and prove that nothing is left."""
    from cli import erase as erasing

    if (who is None) != resume:
        raise typer.BadParameter("say whom to erase, or --resume")
    if dry_run and who is not None:
        erasing.show(_settings()[0], who, console)
    elif not erasing.run(_settings()[0], who, reason, console):
        raise typer.Exit(1)


def main() -> None:
    """Entry point: errors we raise on purpose are one red line, not a traceback."""
    look_seldom()
    from activations.errors import ActivationError
    from loaders.errors import LoaderError

    code: object = 0
    try:
        app()
    except SystemExit as ended:
        code = ended.code
    except (WarehouseError, ActivationError, LoaderError) as error:
        Console(stderr=True).print(f"[bold red]{type(error).__name__}[/]: {error}")
        code = 1
    leave(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    main()
