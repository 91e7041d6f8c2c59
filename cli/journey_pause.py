"""`millrace journey pause | resume | enroll`: stop a journey, let it go on, put somebody into it by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import duckdb
import typer
from rich.console import Console

from activations.journeys import pause as pausing
from activations.journeys import tables
from warehouse import clock
from warehouse.connection import connect, transaction
from warehouse.settings import load

console = Console()
Name = Annotated[str, typer.Argument(help="the journey's name, that of its file")]


@contextmanager
def _changing() -> Iterator[tuple[duckdb.DuckDBPyConnection, datetime]]:
    """The journeys' tables in one transaction, and the moment of the change."""
    settings = load()
    with connect(settings) as con:
        tables.ensure(con)
        with transaction(con):
            yield con, clock.as_of(settings)


def pause(name: Name) -> None:
    """Stop a journey: nobody enters, nobody moves, unsent messages are held."""
    with _changing() as (con, as_of):
        pausing.pause(con, name, as_of)
    console.print(f"{name} is paused")


def resume(name: Name) -> None:
    """Let a paused journey go on, by the rules of its `pause`."""
    with _changing() as (con, as_of):
        pausing.resume(con, name, as_of)
    console.print(f"{name} goes on with the next tick")


def enroll(name: Name, contact: Annotated[str, typer.Argument(help="contact id")]) -> None:
    """Put a contact into a journey with the next tick, as its rules of re-entry allow."""
    with _changing() as (con, as_of):
        pausing.ask(con, name, contact, as_of)
    console.print(f"{contact} enters {name} with the next tick, if its rules allow it")
