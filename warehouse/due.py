"""Builds the models that are out of date in one hold of the warehouse: looked for, built and put on record.

Between looking and holding, another run may have built the same; so what is out of date is looked for again under the
lock, and whoever waited builds what is left. Models are built side by side, and two large ones can need more memory
than there is while each alone does not: what ran out of it is built once more, one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb

from warehouse import clock
from warehouse.builds import fingerprints, forget_outgrown, in_order, proven, record, stale
from warehouse.connection import connect, exclusive, held
from warehouse.contract import contracts
from warehouse.internal import ensure
from warehouse.manifest import Manifest, parse
from warehouse.settings import Settings
from warehouse.transform import NodeResult, build_held


@dataclass(frozen=True)
class Built:
    """Which models were out of date, and how every node went in the end.

    Of these, `outgrown` had new logic and were built in full; `starved` ran out of memory side by side, or waited for
    one that did, and were built again one by one.
    """

    names: Sequence[str] = ()
    outgrown: Sequence[str] = ()
    results: Sequence[NodeResult] = ()
    starved: Sequence[str] = ()

    @property
    def failed(self) -> list[NodeResult]:
        """The nodes that went wrong; what was left out because of them did not."""
        return [one for one in self.results if not one.passed and one.status != "skipped"]


def build_due(
    settings: Settings,
    manifest: Manifest,
    names: Sequence[str],
    report: Callable[[int], None] = lambda count: None,
) -> Built:
    """Build those of `names` that are out of date; `report` is told how many they are, before the lock is asked for.

    On record is then what was built and whose tests all passed.
    """
    with connect(settings) as con:
        ensure(con, contracts(manifest))
        count = len(stale(con, manifest, fingerprints(con, settings, manifest), names))
    report(count)
    if not count:
        return Built()
    project = parse(settings)
    with exclusive(settings):
        with held(settings) as con:
            current = fingerprints(con, settings, manifest)
            todo = stale(con, manifest, current, names)
            known = proven(con, current, todo)
            outgrown = forget_outgrown(con, manifest, current, todo)
        if not todo:
            return Built()
        results = build_held(settings, project, todo, unit_tests=not known)
        hungry = starved(manifest, results)
        if hungry:
            again = build_held(
                settings, parse(settings), hungry, unit_tests=not known, one_by_one=True
            )
            results = list({one.unique_id: one for one in [*results, *again]}.values())
        built = Built(todo, outgrown, results, hungry)
        with held(settings) as con:
            _remember(con, settings, manifest, built)
    return built


def starved(manifest: Manifest, results: Sequence[NodeResult]) -> list[str]:
    """The models that ran out of memory, whose tests did, or that waited in vain for these alone; by name."""
    hungry = {
        name for one in results if one.ran_out_of_memory for name in _concerned(manifest, one)
    }
    wrong = {
        name
        for one in results
        if not (one.passed or one.ran_out_of_memory or one.status == "skipped")
        for name in _concerned(manifest, one)
    }
    waited = {one.name for one in results if one.kind == "model" and one.status == "skipped"}
    reads = manifest.reads()
    for name in in_order(manifest) if hungry else ():
        if name in waited or manifest.models[name].materialized == "ephemeral":
            # Whoever waits for something that is wrong as well goes on waiting.
            if not wrong.isdisjoint(reads[name]):
                wrong.add(name)
            elif not hungry.isdisjoint(reads[name]):
                hungry.add(name)
    return sorted(
        name
        for name, model in manifest.models.items()
        if name in hungry - wrong and model.materialized != "ephemeral"
    )


def _concerned(manifest: Manifest, one: NodeResult) -> tuple[str, ...]:
    """The models that a test looks at; of any other node, itself."""
    return manifest.tested_by.get(one.unique_id, (one.name,))


def _remember(
    con: duckdb.DuckDBPyConnection, settings: Settings, manifest: Manifest, built: Built
) -> None:
    """Put on record the models that were built, but for those that a failed test looks at."""
    suspects = {name for one in built.failed for name in _concerned(manifest, one)}
    made = {one.name for one in built.results if one.kind == "model" and one.passed}
    good = sorted((made & set(built.names)) - suspects)
    record(con, fingerprints(con, settings, manifest), good, clock.now())
