"""Landing assets in Dagster: what is wrong with a file is a check that says so, and stops that table only."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from orchestration.ingest import clock_asset, raw_assets
from orchestration.resources import Installation
from warehouse.connection import connect
from warehouse.contract import contracts
from warehouse.manifest import load_manifest
from warehouse.settings import load

TABLES = ("shop.products", "shop.contact_tags")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation of its own."""
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path))
    monkeypatch.setenv("MILLRACE_AS_OF", "2026-06-30T00:00:00Z")
    return tmp_path


def materialize() -> tuple[bool, dict[str, dg.AssetCheckEvaluation]]:
    """Run the clock and two tables' assets; returns success and every check by `table check`."""
    manifest = load_manifest(load({}))
    wanted = {label: c for label, c in contracts(manifest).items() if label in TABLES}
    result = dg.materialize(
        [clock_asset, *raw_assets(manifest, wanted)],
        resources={"installation": Installation()},
        raise_on_error=False,
    )
    checks = {
        f"{e.asset_key.path[-1]} {e.check_name}": e for e in result.get_asset_check_evaluations()
    }
    return result.success, checks


def land(home: Path, table: str, text: str) -> None:
    """Put a file where its contract looks for it."""
    path = home / "landing" / "shop" / table / "a.csv"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")


def test_missing_required_column_stops_that_table_only(home: Path) -> None:
    """The error names file, line, column and contract; the other table is loaded."""
    land(home, "products", "sku,name\nA-1,Lamp\n")
    land(home, "contact_tags", "contact_id,tag,added_at\nC1,trial,2026-01-01\n")

    success, checks = materialize()

    failed = checks["products columns_match_contract"]
    assert success
    assert not failed.passed
    assert failed.severity == dg.AssetCheckSeverity.ERROR
    message = str(failed.metadata["error"].value)
    assert "shop/products/a.csv, line 1: required column product_id is missing" in message
    assert checks["contact_tags columns_match_contract"].passed
    with connect(load()) as con:
        assert con.execute("select tag from raw_shop.contact_tags").fetchall() == [("trial",)]


def test_quarantined_rows_and_repeated_keys_are_warnings(home: Path) -> None:
    """The good rows are loaded, and somebody is told."""
    land(home, "products", "product_id,price_cents\nP1,100\nP1,120\nP2,cheap\n")

    success, checks = materialize()

    rows, batch = checks["products every_row_loaded"], checks["products batch_meets_expectations"]
    assert success
    assert (rows.passed, rows.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert rows.metadata["shop/products/a.csv"].value == "1 of 3 rows quarantined"
    assert (batch.passed, batch.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "expect_column_values_to_be_unique(column=product_id)" in batch.metadata
