"""Tables as Fivetran lands them: every record of the published samples is loaded or quarantined with a reason."""

from __future__ import annotations

import csv
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.real.conftest import DATA, need
from warehouse.connection import connect
from warehouse.contract import contracts
from warehouse.internal import ensure
from warehouse.load import load_table
from warehouse.manifest import load_manifest
from warehouse.settings import Settings

pytestmark = pytest.mark.real
SEEDS = DATA / "fixtures" / "fivetran_seeds"
NOW = datetime(2026, 6, 30, tzinfo=UTC)


def records(path: Path) -> int:
    """Data rows of one file; a quoted value may hold line ends."""
    with path.open(encoding="utf-8", newline="") as lines:
        return sum(1 for row in csv.reader(lines) if row) - 1


@pytest.mark.parametrize(
    ("folder", "source", "tables"),
    [("dbt_hubspot", "fivetran_hubspot", 56), ("dbt_mailchimp", "fivetran_mailchimp", 12)],
)
def test_every_table_is_loaded_or_quarantined(
    settings: Settings, folder: str, source: str, tables: int
) -> None:
    """Every sample has a contract, and its records are all accounted for."""
    known = contracts(load_manifest(settings))
    paths = sorted(need(SEEDS / folder).glob("*.csv"))
    assert len(paths) == tables
    with connect(settings) as con:
        ensure(con, known)
        for path in paths:
            table = path.stem.removesuffix("_data")
            target = settings.landing / source / table / path.name
            target.parent.mkdir(parents=True)
            shutil.copyfile(path, target)
            (result,) = load_table(con, settings, known[f"{source}.{table}"], NOW)
            assert result.rows_loaded + result.rows_quarantined == records(path), table
            assert result.rows_loaded > 0, table
        unexplained = con.execute(
            "select path, line from landing.quarantine where reason is null or reason = ''"
        ).fetchall()
    assert unexplained == []
