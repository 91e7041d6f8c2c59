"""`millrace journey lint`: what the data says about journeys whose files are right."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from activations.journeys import load as files
from activations.journeys import run
from activations.journeys.errors import JourneyError
from activations.journeys.lint import lint as look
from activations.journeys.lint_words import Said
from activations.journeys.validate import templates, validate
from warehouse import clock
from warehouse.connection import connect
from warehouse.manifest import load_manifest
from warehouse.settings import load

console = Console()


def lint(
    name: Annotated[
        str | None, typer.Argument(help="the journey's name; all when left out")
    ] = None,
    strict: Annotated[bool, typer.Option(help="fail when something is found")] = False,
) -> None:
    """Look at journeys in the light of the data; each finding has file, line and what to do."""
    settings = load()
    as_of = clock.as_of(settings)
    chosen = [p for p in files.paths(settings.project) if name in (None, p.stem)]
    if name is not None and not chosen:
        raise JourneyError(f"there is no models/journeys/{name}.yml")
    found: list[str] = []
    manifest = load_manifest(settings, refresh=False)
    said = Said.of(settings, manifest)
    with connect(settings) as con:
        catalog = run.prepare(con, manifest)
        messages = templates(settings.project) or None
        for path in chosen:
            journey, source = files.read(path)
            wrong = [p for p in validate(journey, catalog, messages) if p.severity == "error"]
            if wrong:
                raise JourneyError("\n".join(source.tell(one) for one in wrong))
            more = [*said.lint(journey, catalog), *look(con, catalog, journey, as_of)]
            found += [source.tell(one) for one in more]
    for text in found:
        console.print(text, soft_wrap=True, highlight=False, markup=False)
    console.print(f"{len(chosen)} journeys looked at, {len(found)} findings")
    if found and strict:
        raise typer.Exit(1)
