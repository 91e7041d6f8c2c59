"""Builds dbt models inside this process, with the warehouse held, and tells how each node went.

In process, because starting dbt anew costs five seconds a time and it is called several times a run.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from warehouse import seeds
from warehouse.connection import exclusive, held
from warehouse.manifest import MEMBERSHIPS, options, parse
from warehouse.settings import Settings

DUE = "millrace_due"
PASSED = frozenset({"success", "pass", "warn"})
OUT_OF_MEMORY = "Out of Memory Error"  # as DuckDB begins its message


@dataclass(frozen=True)
class NodeResult:
    """How one model, test or seed went; `kind` is dbt's resource type."""

    unique_id: str
    name: str
    kind: str
    status: str
    message: str
    seconds: float
    failures: int | None
    severity: str

    @property
    def passed(self) -> bool:
        """Whether it was built, or held."""
        return self.status in PASSED

    @property
    def ran_out_of_memory(self) -> bool:
        """Whether the engine gave up for want of memory (its limit, not the machine's)."""
        return not self.passed and OUT_OF_MEMORY in self.message


def build(settings: Settings, names: list[str], *, unit_tests: bool = True) -> list[NodeResult]:
    """Run `dbt build` on models by name, with their tests and with seeds that are due; errors are results.

    Unit tests look at logic, not at data: whoever builds what only its inputs changed may leave them out.
    """
    manifest = parse(settings)
    with exclusive(settings):
        return build_held(settings, manifest, names, unit_tests=unit_tests)


def build_held(
    settings: Settings,
    manifest: Any,
    names: Sequence[str],
    *,
    unit_tests: bool,
    one_by_one: bool = False,
) -> list[NodeResult]:
    """The same with dbt's own manifest, for whoever holds the warehouse and has no connection open.

    The manifest is marked with `names` and serves one build. `one_by_one`, no two models share the memory.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    os.environ["MILLRACE_WAREHOUSE"] = str(settings.database)
    with held(settings) as con:
        loading = seeds.due(con, manifest)
    _mark(manifest, set(names), set(loading))
    # `buildable`: a test runs once everything that it looks at has been built.
    arguments = ["build", "--indirect-selection", "buildable", "--select", f"tag:{DUE}"]
    arguments += [] if unit_tests else ["--exclude-resource-type", "unit_test"]
    arguments += ["--threads", "1"] if one_by_one else []
    try:
        outcome = dbtRunner(manifest=manifest).invoke([*arguments, *options(settings)])
    finally:
        # dbt keeps its connection, and with it the file, for the life of the process.
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    if outcome.exception is not None:
        raise outcome.exception
    results = [_result(item) for item in outcome.result.results]  # type: ignore[union-attr]
    with held(settings) as con:
        seeds.remember(con, manifest, loading, {one.unique_id: one.passed for one in results})
    return results


def _mark(manifest: Any, names: set[str], loading: set[str]) -> None:
    """Tag the seeds and the models to build, for one criterion is looked up faster than a hundred names.

    And let the membership model wait for every segment: each records its members as it is built, which dbt cannot know.
    """
    models = [node for node in manifest.nodes.values() if node.resource_type == "model"]
    segments = [node.unique_id for node in models if "segment" in (node.config.meta or {})]
    for node in manifest.nodes.values():
        if node.unique_id in loading or (node.resource_type == "model" and node.name in names):
            node.tags = [*node.tags, DUE]
        if node.resource_type == "model" and node.name == MEMBERSHIPS:
            node.depends_on.nodes += [uid for uid in segments if uid not in node.depends_on.nodes]


def _result(item: object) -> NodeResult:
    node = item.node  # type: ignore[attr-defined]
    return NodeResult(
        unique_id=node.unique_id,
        name=node.name,
        kind=str(node.resource_type),
        status=str(item.status),  # type: ignore[attr-defined]
        message=str(item.message or ""),  # type: ignore[attr-defined]
        seconds=float(item.execution_time),  # type: ignore[attr-defined]
        failures=item.failures,  # type: ignore[attr-defined]
        severity=str(getattr(getattr(node, "config", None), "severity", "ERROR")).upper(),
    )
