"""Builds the models that are out of date in one hold of the warehouse: looked for, built and put on record.

Between looking and holding, another run may have built the same; so what is out of date is looked for again under the
lock, and whoever waited builds what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb

from warehouse import clock
from warehouse.builds import fingerprints, forget_outgrown, proven, record, stale
from warehouse.connection import connect, exclusive, held
from warehouse.contract import contracts
from warehouse.internal import ensure
from warehouse.manifest import Manifest, parse
from warehouse.settings import Settings
from warehouse.transform import NodeResult, build_held


@dataclass(frozen=True)
class Built:
    """Which models were out of date, which of these had new logic and were built in full, and how every node went."""

    names: Sequence[str] = ()
    outgrown: Sequence[str] = ()
    results: Sequence[NodeResult] = ()

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
        built = Built(todo, outgrown, build_held(settings, project, todo, unit_tests=not known))
        with held(settings) as con:
            _remember(con, settings, manifest, built)
    return built


def _remember(
    con: duckdb.DuckDBPyConnection, settings: Settings, manifest: Manifest, built: Built
) -> None:
    """Put on record the models that were built, but for those that a failed test looks at."""
    suspects = {
        model
        for result in built.failed
        for model in manifest.tested_by.get(result.unique_id, (result.name,))
    }
    made = {one.name for one in built.results if one.kind == "model" and one.passed}
    good = sorted((made & set(built.names)) - suspects)
    record(con, fingerprints(con, settings, manifest), good, clock.now())
