"""The BI examples ask for nothing that the published copy does not have."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from warehouse.manifest import Manifest, load_manifest
from warehouse.settings import ROOT, load

BI = ROOT / "examples" / "bi"
QUERIES = sorted((BI / "evidence" / "sources").rglob("*.sql"))
DATASETS = sorted((BI / "superset" / "dashboard" / "datasets").rglob("*.yaml"))
CHARTS = sorted((BI / "superset" / "dashboard" / "charts").glob("*.yaml"))


@pytest.fixture(scope="module")
def copy() -> duckdb.DuckDBPyConnection:
    """Every report as an empty table with its declared columns."""
    manifest: Manifest = load_manifest(load({}))
    con = duckdb.connect()
    con.execute("create schema reports")
    for model in manifest.in_folder("reports"):
        columns = ", ".join(f'"{c.name}" {c.data_type}' for c in model.columns.values())
        con.execute(f"create table reports.{model.name} ({columns})")
    return con


def read(path: Path) -> dict[str, Any]:
    """One file of the dashboard."""
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def asked(params: dict[str, Any]) -> list[str]:
    """Every expression that a chart's query is made of."""
    columns = [*params.get("groupby", []), *([params["x_axis"]] if "x_axis" in params else [])]
    metrics = [metric["sqlExpression"] for metric in params["metrics"]]
    return [*columns, *metrics]


@pytest.mark.parametrize("query", QUERIES, ids=lambda path: path.stem)
def test_each_query_of_evidence_runs(query: Path, copy: duckdb.DuckDBPyConnection) -> None:
    """A renamed column fails here, not in somebody's browser."""
    assert copy.execute(query.read_text(encoding="utf-8")).fetchall() == []


def test_each_query_of_streamlit_runs(copy: duckdb.DuckDBPyConnection) -> None:
    """Its queries are the constants of the page."""
    page = ast.parse((BI / "streamlit" / "app.py").read_text(encoding="utf-8"))
    queries = [
        node.value.value
        for node in page.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and "from reports." in str(node.value.value)
    ]

    assert len(queries) == 5
    for query in queries:
        assert copy.execute(str(query)).fetchall() == []


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda path: path.stem)
def test_each_dataset_of_superset_is_its_report(
    dataset: Path, copy: duckdb.DuckDBPyConnection
) -> None:
    """All columns, in order, with their types."""
    said = read(dataset)
    there = copy.execute(
        "select column_name, data_type from duckdb_columns() where table_name = ? order by column_index",
        [said["table_name"]],
    ).fetchall()

    assert [(column["column_name"], column["type"]) for column in said["columns"]] == there


@pytest.mark.parametrize("chart", CHARTS, ids=lambda path: path.stem)
def test_each_chart_of_superset_runs(chart: Path, copy: duckdb.DuckDBPyConnection) -> None:
    """Its columns, metrics and filters bind to the report that its dataset names."""
    said = read(chart)
    tables = {read(path)["uuid"]: read(path)["table_name"] for path in DATASETS}
    table = tables[said["dataset_uuid"]]
    filters = [entry["sqlExpression"] for entry in said["params"]["adhoc_filters"]]
    where = f"where {' and '.join(filters)}" if filters else ""

    assert copy.execute(
        f"select {', '.join(asked(said['params']))} from reports.{table} {where} group by all"
    ).fetchall() in ([], [(None,) * len(said["params"]["metrics"])])


def test_every_example_is_there() -> None:
    """An empty folder would pass all of the above."""
    assert len(QUERIES) == len(DATASETS) == len(CHARTS) == 5
