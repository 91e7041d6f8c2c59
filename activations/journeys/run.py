"""What commands and Dagster call: journeys published from their files, then one tick under the warehouse's lock."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import duckdb

from activations.conditions.catalog import Catalog, from_manifest
from activations.journeys import load, publish, tables, zones
from activations.journeys.definition import Journey
from activations.journeys.errors import JourneyError
from activations.journeys.tables import t
from activations.journeys.tick import Ticked, tick
from activations.journeys.validate import templates, validate
from warehouse.connection import connect, transaction
from warehouse.internal import ensure
from warehouse.manifest import Manifest
from warehouse.settings import Settings


@dataclass(frozen=True)
class Outcome:
    """A tick, what was published before it, what waits for `millrace journey publish`, and which files are wrong."""

    ticked: Ticked
    published: tuple[str, ...] = ()
    waiting: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def run_tick(settings: Settings, manifest: Manifest, as_of: dt.datetime) -> Outcome:
    """Publish what may be published without asking, then advance everybody. Raises BusyError and TickError."""
    with connect(settings) as con:
        catalog = prepare(con, manifest)
        good, wrong, warnings = definitions(settings, catalog)
        published, waiting = _publish(con, good, as_of)
        _retire(con, settings)
        return Outcome(tick(con, catalog, as_of), published, waiting, wrong, warnings)


def prepare(con: duckdb.DuckDBPyConnection, manifest: Manifest) -> Catalog:
    """The state tables, the contacts' zones, and what conditions may speak of."""
    ensure(con, {})
    tables.ensure(con)
    catalog = from_manifest(con, manifest)
    zones.prepare(con, catalog)
    return catalog


def definitions(
    settings: Settings, catalog: Catalog
) -> tuple[list[Journey], dict[str, str], tuple[str, ...]]:
    """The journeys whose files are right, the errors of the others by name, and warnings."""
    good: list[Journey] = []
    wrong: dict[str, str] = {}
    warnings: list[str] = []
    messages = templates(settings.project)
    for path in load.paths(settings.project):
        try:
            journey, source = load.read(path)
        except JourneyError as error:
            wrong[path.stem] = str(error)
            continue
        found = validate(journey, catalog, messages or None)
        errors = [source.tell(one) for one in found if one.severity == "error"]
        warnings += [source.tell(one) for one in found if one.severity != "error"]
        if errors:
            wrong[path.stem] = "\n".join(errors)
        else:
            good.append(journey)
    return good, wrong, tuple(warnings)


def publish_one(
    settings: Settings, manifest: Manifest, name: str, as_of: dt.datetime, *, dry_run: bool = False
) -> list[publish.Move]:
    """Publish a journey's file, or only show what that would do to those inside. Raises JourneyError."""
    with connect(settings) as con:
        catalog = prepare(con, manifest)
        good, wrong, _ = definitions(settings, catalog)
        if name in wrong:
            raise JourneyError(wrong[name])
        journey = next((one for one in good if one.journey == name), None)
        if journey is None:
            raise JourneyError(f"there is no models/journeys/{name}.yml")
        if dry_run:
            return publish.plan(con, journey)
        with transaction(con):
            return publish.publish(con, journey, as_of)


def _publish(
    con: duckdb.DuckDBPyConnection, good: list[Journey], as_of: dt.datetime
) -> tuple[tuple[str, ...], dict[str, str]]:
    """New journeys, changes that move nobody, and those that say `publish: auto`."""
    known = dict(con.execute(f"select journey, version from {t('control')}").fetchall())
    published, waiting = [], {}
    for journey in good:
        if known.get(journey.journey) == journey.version:
            continue
        moves = publish.plan(con, journey)
        if moves and journey.publish == "reviewed":
            people = sum(move.contacts for move in moves)
            waiting[journey.journey] = f"{people} contacts are inside the version that runs"
            continue
        with transaction(con):
            publish.publish(con, journey, as_of)
        published.append(journey.journey)
    return tuple(published), waiting


def _retire(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """A journey whose file is gone lets nobody in; those inside go on. One that is back lets people in again."""
    here = [path.stem for path in load.paths(settings.project)]
    with transaction(con):
        for was, becomes, test in (("active", "retired", "not"), ("retired", "active", "")):
            con.execute(
                f"update {t('control')} set state = ? where state = ? "
                f"and {test} list_contains(?, journey)",
                [becomes, was, here],
            )
