"""Prediction models: which there are, a card of one, and accepting what its scores say now."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from orchestration import models
from warehouse import clock
from warehouse.settings import load

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Prediction models: list, card, accept."
)
console = Console()
Name = Annotated[str, typer.Argument(help="a model's name")]


@app.command("list")
def list_() -> None:
    """List the models with what serves, since when, and whether a watch holds their scores back."""
    settings = load()
    table = Table("model", "serves", "as of", "verdict", "watches", box=None)
    for found in models.overview(settings, clock.as_of(settings)):
        table.add_row(found.model, found.serves, found.as_of, found.verdict, found.watches)
    console.print(table)


@app.command()
def card(name: Name) -> None:
    """Write a model's card, a page with pictures, and print where it is."""
    settings = load()
    console.print(str(models.card(settings, name, clock.as_of(settings))), soft_wrap=True)


@app.command()
def accept(
    name: Name,
    by: Annotated[str | None, typer.Option(help="who accepts; you when left out")] = None,
) -> None:
    """Accept how a model's scores are spread now: syncs that wait for them go with their next run."""
    seen = models.accept(load(), name, by or getpass.getuser())
    console.print(f"Accepted: {name}: {seen}" if seen else f"Nothing of {name} is held back.")
