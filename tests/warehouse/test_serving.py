"""The published copy is replaced in one step and never locks or breaks a reader."""

from __future__ import annotations

import duckdb
import pytest

from warehouse import serving
from warehouse.connection import connect, open_serving
from warehouse.internal import ensure
from warehouse.manifest import Column, Manifest, Model
from warehouse.settings import Settings


@pytest.fixture
def manifest() -> Manifest:
    """One mart."""
    column = Column("thing_id", "BIGINT", "Key of the thing.")
    model = Model(
        name="dim_things",
        unique_id="model.dim_things",
        schema="marts",
        folder="marts",
        path="models/marts/dim_things.sql",
        description="One row per thing.",
        materialized="table",
        checksum="1",
        columns={"thing_id": column},
        meta={"owner": "data"},
        tags=(),
        depends_on=(),
    )
    return Manifest(models={"dim_things": model}, sources={})


def fill(settings: Settings, rows: int, fingerprint: str) -> None:
    """Build the mart with so many rows."""
    with connect(settings) as con:
        ensure(con, {})
        con.execute("create schema if not exists marts")
        con.execute(
            f"create or replace table marts.dim_things as select range as thing_id from range({rows})"
        )
        con.execute("delete from landing.built")
        con.execute(
            "insert into landing.built values ('dim_things', ?, timestamp '2026-01-01')",
            [fingerprint],
        )


def count(con: duckdb.DuckDBPyConnection) -> int:
    """Rows of the published mart."""
    return int(con.execute("select count(*) from marts.dim_things").fetchall()[0][0])


def test_a_reader_keeps_its_copy_through_a_publication(
    settings: Settings, manifest: Manifest
) -> None:
    """A connection opened before reads the old rows, one opened after the new ones."""
    fill(settings, 3, "a")
    serving.publish(settings, manifest)

    with open_serving(settings.serving / "millrace.duckdb") as before:
        fill(settings, 5, "b")
        published = serving.publish(settings, manifest)

        assert count(before) == 3
    with open_serving(published.database) as after:
        assert count(after) == 5
    parquet = settings.serving / "parquet" / "marts" / "dim_things.parquet"
    assert duckdb.execute(f"select count(*) from '{parquet}'").fetchall() == [(5,)]


def test_the_warehouse_can_be_written_while_the_copy_is_read(
    settings: Settings, manifest: Manifest
) -> None:
    """BI holds no lock of the pipeline's."""
    fill(settings, 3, "a")
    serving.publish(settings, manifest)

    with open_serving(settings.serving / "millrace.duckdb") as reader:
        fill(settings, 4, "b")
        assert count(reader) == 3


def test_nothing_is_copied_when_no_table_was_built(settings: Settings, manifest: Manifest) -> None:
    """The second publication leaves the file alone."""
    fill(settings, 3, "a")
    first = serving.publish(settings, manifest)
    stamp = first.database.stat().st_mtime_ns

    again = serving.publish(settings, manifest)

    assert again.unchanged
    assert again.rows == {"marts.dim_things": 3}
    assert first.database.stat().st_mtime_ns == stamp


def test_descriptions_travel_with_the_copy(settings: Settings, manifest: Manifest) -> None:
    """A BI tool shows what a column means."""
    fill(settings, 1, "a")
    published = serving.publish(settings, manifest)

    with open_serving(published.database) as con:
        comments = con.execute(
            "select comment from duckdb_columns() where table_name = 'dim_things'"
        ).fetchall()
        table = con.execute(
            "select comment from duckdb_tables() where table_name = 'dim_things'"
        ).fetchall()

    assert comments == [("Key of the thing.",)]
    assert table == [("One row per thing.",)]
