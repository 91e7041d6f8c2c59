"""`millrace journey diagram`: one journey as Mermaid or SVG, with the people in it where asked for."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from activations.journeys import load as files
from activations.journeys import tables
from activations.journeys.diagram import counts as counting
from activations.journeys.diagram import mermaid, svg
from activations.journeys.errors import JourneyError
from warehouse.connection import connect
from warehouse.settings import Settings, load


class Form(StrEnum):
    """How it is drawn."""

    mermaid = "mermaid"
    svg = "svg"


def diagram(
    name: Annotated[str, typer.Argument(help="the journey's name, that of its file")],
    form: Annotated[Form, typer.Option("--format", help="mermaid or svg")] = Form.mermaid,
    counts: Annotated[
        bool, typer.Option("--counts", help="with who is where, who passed and what was sent")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="file to write; printed when left out")] = None,
) -> None:
    """Draw a journey: its steps and ways and, with --counts, the people on them now and so far."""
    text = draw(load(), name, form, counts=counts)
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
        typer.echo(f"wrote {out}")


def draw(settings: Settings, name: str, form: Form, *, counts: bool) -> str:
    """The picture's text; raises JourneyError where there is no such journey or its file is wrong."""
    path = files.folder(settings.project) / f"{name}.yml"
    if not path.exists():
        there = ", ".join(one.stem for one in files.paths(settings.project)) or "none"
        raise JourneyError(f"there is no models/journeys/{name}.yml; there are: {there}")
    journey, _ = files.read(path)
    found = None
    if counts:
        with connect(settings) as con:
            tables.ensure(con)
            found = counting.count(con, name)
    return svg.draw(journey, found) if form is Form.svg else mermaid.draw(journey, found)
