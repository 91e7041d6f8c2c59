"""Builds dbt models inside this process, with the warehouse held, and tells how each node went.

In process, because starting dbt anew costs five seconds a time and it is called several times a run.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from warehouse.connection import exclusive
from warehouse.settings import Settings

PASSED = frozenset({"success", "pass", "warn"})


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


def build(settings: Settings, names: list[str]) -> list[NodeResult]:
    """Run `dbt build` on models by name, with their tests and with all seeds; errors are results, not exceptions."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    folder = str(settings.dbt_project)
    os.environ["MILLRACE_WAREHOUSE"] = str(settings.database)
    os.environ.setdefault("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
    arguments = ["build", "--quiet", "--log-level-file", "none"]
    # `buildable`: a test runs once everything that it looks at has been built.
    arguments += ["--indirect-selection", "buildable"]
    arguments += ["--project-dir", folder, "--profiles-dir", folder]
    with exclusive(settings):
        try:
            outcome = dbtRunner().invoke([*arguments, "--select", *names, "resource_type:seed"])
        finally:
            # dbt keeps its connection, and with it the file, for the life of the process.
            DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    if outcome.exception is not None:
        raise outcome.exception
    return [_result(item) for item in outcome.result.results]  # type: ignore[union-attr]


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
