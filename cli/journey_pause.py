"""`millrace journey pause | resume | enroll`: stop a journey, let it go on, put somebody into it by hand."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from activations.journeys import pause as pausing
from activations.journeys import tables
from warehouse import clock
from warehouse.connection import connect, transaction
from warehouse.settings import load

console = Console()
Name = Annotated[str, typer.Argument(help="the journey's name, that of its file")]


def pause(name: Name) -> None:
    """Stop a journey: nobody enters, nobody moves, unsent messages are held."""
    settings = load()
    with connect(settings) as con:
        tables.ensure(con)
        with transaction(con):
            pausing.pause(con, name, clock.as_of(settings))
    console.print(f"{name} is paused")


def resume(name: Name) -> None:
    """Let a paused journey go on, by the rules of its `pause`."""
    settings = load()
    with connect(settings) as con:
        tables.ensure(con)
        with transaction(con):
            pausing.resume(con, name, clock.as_of(settings))
    console.print(f"{name} goes on with the next tick")


def enroll(name: Name, contact: Annotated[str, typer.Argument(help="contact id")]) -> None:
    """Put a contact into a journey with the next tick, as its rules of re-entry allow."""
    settings = load()
    with connect(settings) as con:
        tables.ensure(con)
        with transaction(con):
            pausing.ask(con, name, contact, clock.as_of(settings))
    console.print(f"{contact} enters {name} with the next tick, if its rules allow it")
