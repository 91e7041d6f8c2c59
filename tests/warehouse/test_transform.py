"""Building with dbt inside this process: a second build is like the first."""

from __future__ import annotations

from pathlib import Path

from tests.models.installation import Installation
from warehouse import transform

MODEL = "int_events__delivered"


def test_a_second_build_in_a_process_makes_the_same_tables(tmp_path: Path) -> None:
    """Also of a model that holds the text of ephemeral ones."""
    home = Installation(tmp_path)
    text = f"select sql from duckdb_views() where view_name = '{MODEL}'"
    home.build(MODEL)
    first = home.rows(text)

    results = transform.build(home.settings, [MODEL], unit_tests=False)

    built = [one.name for one in results if one.kind == "model"]
    assert ([one for one in results if not one.passed], built) == ([], [MODEL])
    assert home.rows(text) == first
    assert "stg_segment__events" in first[0][0]


def test_seeds_are_loaded_when_they_are_due(tmp_path: Path) -> None:
    """Once; again when the warehouse was given something else, or has lost the table."""
    home = Installation(tmp_path)
    home.build("stg_shop__products")
    assert home.rows("select count(*) > 0 from intermediate.role_addresses") == [(True,)]

    def loaded() -> set[str]:
        results = transform.build(home.settings, ["stg_shop__products"], unit_tests=False)
        assert [one for one in results if not one.passed] == []
        return {one.name for one in results if one.kind == "seed"}

    assert loaded() == set()
    home.rows("update landing.built set fingerprint = 'other' where name = 'seed.role_addresses'")
    home.rows("drop table intermediate.mailbox_operators")
    assert loaded() == {"role_addresses", "mailbox_operators"}
    assert loaded() == set()
