"""Which assets have something to do: new files, models out of date, a moved clock, and all that lies downstream."""

from collections.abc import Iterable
from dataclasses import replace

import dagster as dg

from activations.journeys.tables import SCHEMA
from activations.syncs import load_syncs
from ml import registry
from orchestration import journey_outlook, journeys, publication
from orchestration.actions import KEY as ACTIONS
from orchestration.ingest import CLOCK
from orchestration.messages import KEY as OUTBOX
from orchestration.predictions import SCHEMA as ML
from orchestration.predictions import silent
from warehouse import clock, serving
from warehouse.builds import fingerprints, stale
from warehouse.connection import connect
from warehouse.contract import Contract, contracts
from warehouse.errors import BusyError
from warehouse.internal import ensure
from warehouse.landing import with_news
from warehouse.manifest import Manifest
from warehouse.settings import Settings

PATIENCE_SECONDS = 10.0


def due_assets(
    settings: Settings, manifest: Manifest, *, predicts: bool = True
) -> list[dg.AssetKey] | None:
    """The keys of the assets to run, every sync among them (a destination may owe an answer) and the journeys' tick.

    A run that does not predict (`predicts`) hears nothing new from models that are due, and waits for none of them.

    None means all: there is no warehouse yet, or it is in use and cannot be asked.
    """
    if not settings.database.exists():
        return None
    known = contracts(manifest)
    patient = replace(settings, lock_timeout_seconds=PATIENCE_SECONDS)
    try:
        with connect(patient) as con:
            ensure(con, known)
            landed = with_news(con, settings, known.values())
            moment = clock.naive(clock.as_of(settings))
            moved = con.execute("select as_of from raw_millrace.clock").fetchall() != [(moment,)]
            current = fingerprints(con, settings, manifest)
            outdated = stale(con, manifest, current, manifest.models)
            unheard = silent(con, current) if predicts else None
            behind = serving.behind(con, settings, manifest)
    except BusyError:
        return None
    due = (
        _downstream(manifest, landed, outdated, unheard, moved)
        | _syncs(manifest)
        | {journeys.KEY}
        | journey_outlook.KEYS
    )
    if behind:
        due.add(publication.KEY)
    return sorted(due)


def decide_request(settings: Settings, manifest: Manifest, run_key: str | None) -> dg.RunRequest:
    """A run of what is due among what decides: predictions, deliveries and reports have jobs of their own."""
    due = due_assets(settings, manifest, predicts=False)
    if due is None:
        return dg.RunRequest(run_key=run_key)
    models = {dg.AssetKey([m.schema, m.name]): m.name for m in manifest.models.values()}
    deciding = set(manifest.deciding())
    others = _syncs(manifest) | {journeys.KEY} | journey_outlook.KEYS
    mine = [
        key
        for key in due
        if key not in others and key.path[0] != ML and models.get(key) in {None, *deciding}
    ]
    return dg.RunRequest(run_key=run_key, asset_selection=mine)


def _downstream(
    manifest: Manifest,
    landed: list[Contract],
    outdated: Iterable[str],
    unheard: set[str] | None,
    moved: bool,
) -> set[dg.AssetKey]:
    raw = {dg.AssetKey([contract.schema, contract.table]) for contract in landed}
    ids = {
        source.unique_id
        for source in manifest.sources.values()
        if dg.AssetKey([source.schema, source.name]) in raw
        or (moved and dg.AssetKey([source.schema, source.name]) == CLOCK)
    }
    names = set(outdated) | _readers(manifest, ids | _ids(manifest, outdated))
    predicted: set[str] = set()
    if unheard is not None:
        # A run that died may have built what a model reads and not asked the model.
        predicted = unheard | {
            name
            for name in registry.names()
            if any(relation.split(".")[-1] in names for relation in registry.spec(name).relations)
        }
    keys = {CLOCK, *raw, *(dg.AssetKey([ML, name]) for name in predicted)}
    if predicted:
        tables = [source for source in manifest.sources.values() if source.schema == ML]
        keys |= {dg.AssetKey([ML, source.name]) for source in tables}
        names |= _readers(manifest, {source.unique_id for source in tables})
    # The tick of this run will see what is new: what reads its state is built after it, and not a run later.
    if names or raw:
        names |= _readers(manifest, _told_by_ticks(manifest))
    keys |= {dg.AssetKey([manifest.models[name].schema, name]) for name in names}
    return keys | ({publication.KEY} if names else set())


def _told_by_ticks(manifest: Manifest) -> set[str]:
    """The sources that hold the state of journeys; what the outlook found is no tick's."""
    return {
        source.unique_id
        for source in manifest.sources.values()
        if source.schema == SCHEMA
        and dg.AssetKey([source.schema, source.name]) not in journey_outlook.KEYS
    }


def _ids(manifest: Manifest, names: Iterable[str]) -> set[str]:
    return {manifest.models[name].unique_id for name in names}


def _readers(manifest: Manifest, ids: set[str]) -> set[str]:
    """The models that read `ids`, directly or over others."""
    found: set[str] = set()
    reached = set(ids)
    while True:
        more = {
            model.name
            for model in manifest.models.values()
            if model.name not in found and reached & set(model.depends_on)
        }
        if not more:
            return found
        found |= more
        reached |= _ids(manifest, more)


def _syncs(manifest: Manifest) -> set[dg.AssetKey]:
    """What delivers: a destination may owe an answer, and a message's time may have come."""
    return {OUTBOX, ACTIONS} | {
        dg.AssetKey([sync.destination, sync.object]) for sync in load_syncs(manifest)
    }
