"""The published copy is replaced in one step and never locks or breaks a reader."""

from __future__ import annotations

import duckdb
import pytest

from warehouse import serving
from warehouse.connection import connect, open_serving
from warehouse.internal import ensure
from warehouse.manifest import Column, Manifest, Model
from warehouse.settings import Settings


def mart(name: str) -> Model:
    """A mart of one column."""
    return Model(
        name=name,
        unique_id=f"model.{name}",
        schema="marts",
        folder="marts",
        path=f"models/marts/{name}.sql",
        description="One row per thing.",
        materialized="table",
        checksum="1",
        columns={"thing_id": Column("thing_id", "BIGINT", "Key of the thing.")},
        meta={"owner": "data"},
        tags=(),
        depends_on=(),
    )


def of(*names: str) -> Manifest:
    """These marts."""
    return Manifest(models={name: mart(name) for name in names}, sources={})


@pytest.fixture
def manifest() -> Manifest:
    """One mart."""
    return of("dim_things")


def fill(settings: Settings, rows: int, fingerprint: str, name: str = "dim_things") -> None:
    """Build a mart with so many rows."""
    with connect(settings) as con:
        ensure(con, {})
        con.execute("create schema if not exists marts")
        con.execute(
            f"create or replace table marts.{name} as select range as thing_id from range({rows})"
        )
        con.execute("delete from landing.built where name = ?", [name])
        con.execute(
            "insert into landing.built values (?, ?, timestamp '2026-01-01')", [name, fingerprint]
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


def published(settings: Settings, *names: str) -> dict[str, tuple[int, int]]:
    """Rows of each table in the database and in the Parquet folder."""
    found = {}
    with open_serving(settings.serving / "millrace.duckdb") as con:
        for name in names:
            file = settings.serving / "parquet" / "marts" / f"{name}.parquet"
            [(in_database,)] = con.execute(f"select count(*) from marts.{name}").fetchall()
            [(in_folder,)] = con.execute(f"select count(*) from '{file}'").fetchall()
            found[name] = (int(in_database), int(in_folder))
    return found


def test_only_what_changed_is_written(settings: Settings) -> None:
    """One of two tables was built with other rows: the other's file is the same file, and both are right."""
    manifest = of("dim_things", "dim_others")
    fill(settings, 3, "a")
    fill(settings, 7, "a", "dim_others")
    first = serving.publish(settings, manifest)
    kept = settings.serving / "parquet" / "marts" / "dim_others.parquet"
    inode = kept.stat().st_ino

    fill(settings, 5, "b")
    second = serving.publish(settings, manifest)

    assert first.written == ("marts.dim_others", "marts.dim_things")
    assert second.written == ("marts.dim_things",)
    assert second.rows == {"marts.dim_things": 5, "marts.dim_others": 7}
    assert kept.stat().st_ino == inode
    assert published(settings, "dim_things", "dim_others") == {
        "dim_things": (5, 5),
        "dim_others": (7, 7),
    }


def test_a_table_built_again_with_the_same_rows_is_not_written(
    settings: Settings, manifest: Manifest
) -> None:
    """What counts is what a reader would see, not that something ran."""
    fill(settings, 3, "a")
    serving.publish(settings, manifest)
    fill(settings, 3, "b")

    again = serving.publish(settings, manifest)

    assert again.unchanged
    assert again.written == ()


def test_what_is_no_longer_a_model_leaves_the_copy(settings: Settings) -> None:
    """A dropped report does not stay as it was on its last day."""
    fill(settings, 3, "a")
    fill(settings, 7, "a", "dim_others")
    serving.publish(settings, of("dim_things", "dim_others"))

    done = serving.publish(settings, of("dim_things"))

    assert not done.unchanged
    assert done.rows == {"marts.dim_things": 3}
    assert not (settings.serving / "parquet" / "marts" / "dim_others.parquet").exists()
    with open_serving(done.database) as con:
        left = con.execute("select table_name from duckdb_tables() where schema_name = 'marts'")
        assert left.fetchall() == [("dim_things",)]


def behind(settings: Settings, manifest: Manifest) -> bool:
    """Whether a run has to publish."""
    with connect(settings) as con:
        return serving.behind(con, settings, manifest)


def test_a_run_publishes_what_was_built_and_nothing_else(
    settings: Settings, manifest: Manifest
) -> None:
    """Before the first publication, and after each build; not when nothing was built."""
    fill(settings, 3, "a")
    assert behind(settings, manifest)
    serving.publish(settings, manifest)
    assert not behind(settings, manifest)
    fill(settings, 4, "b")
    assert behind(settings, manifest)


class Killed(BaseException):
    """Stands for a process that ends here."""


@pytest.mark.parametrize("after", [1, 2, 3])
def test_killed_between_tables_the_old_copy_stands_and_the_next_run_ends_right(
    settings: Settings, after: int
) -> None:
    """Whatever was written when it ended, readers see all old tables, then all new ones."""
    names = ("dim_a", "dim_b", "dim_c")
    for name in names:
        fill(settings, 2, "old", name)
    serving.publish(settings, of(*names))
    for name in names:
        fill(settings, 4, "new", name)

    def end(done: int, _: int) -> None:
        if done == after:
            raise Killed

    with pytest.raises(Killed):
        serving.publish(settings, of(*names), end)
    assert published(settings, *names) == dict.fromkeys(names, (2, 2))
    assert behind(settings, of(*names))

    serving.publish(settings, of(*names))
    assert published(settings, *names) == dict.fromkeys(names, (4, 4))
    assert not behind(settings, of(*names))


def test_killed_between_file_and_folder_the_folder_is_brought_up(
    settings: Settings, manifest: Manifest
) -> None:
    """Each copy says what it holds, so the next run finds the folder behind, also when the rows went back."""
    fill(settings, 2, "a")
    serving.publish(settings, manifest)
    before = (settings.serving / "parquet").resolve()
    fill(settings, 4, "b")
    serving.publish(settings, manifest)
    link = settings.serving / "parquet"
    link.unlink()
    link.symlink_to(before.name, target_is_directory=True)
    assert published(settings, "dim_things") == {"dim_things": (4, 2)}
    assert behind(settings, manifest)

    done = serving.publish(settings, manifest)

    assert done.written == ("marts.dim_things",)
    assert published(settings, "dim_things") == {"dim_things": (4, 4)}
    fill(settings, 2, "c")
    serving.publish(settings, manifest)
    assert published(settings, "dim_things") == {"dim_things": (2, 2)}


def test_carried_over_or_not_the_file_keeps_the_old_storage_version(
    settings: Settings, manifest: Manifest
) -> None:
    """BI tools bring their own, older DuckDB; the newest engine must not lift the file behind their back."""
    for rows in (3, 5):
        fill(settings, rows, str(rows))
        done = serving.publish(settings, manifest)
        with duckdb.connect() as con:
            con.execute(f"attach '{done.database}' as found (read_only)")
            tags = con.execute(
                "select tags from duckdb_databases() where database_name = 'found'"
            ).fetchall()
        assert "v1.2.0" in tags[0][0]["storage_version"]


def test_a_whole_publication_begins_with_an_empty_file(settings: Settings) -> None:
    """Replaced tables leave their bytes in the file's free space; an erasure must not."""
    manifest = of("dim_things", "dim_others")
    for name in ("dim_things", "dim_others"):
        fill(settings, 1, "a", name)
        with connect(settings) as con:
            con.execute(
                f"create or replace table marts.{name} as select md5(range::varchar) as thing_id from range(100_000)"
            )
    serving.publish(settings, manifest)
    for name in ("dim_others", "dim_things"):
        fill(settings, 3, "b", name)
        carried = serving.publish(settings, manifest).database.stat().st_size

    done = serving.publish(settings, manifest, whole=True)

    assert done.database.stat().st_size < carried
    assert published(settings, "dim_things") == {"dim_things": (3, 3)}


def test_what_was_never_built_is_not_published_until_it_is(settings: Settings) -> None:
    """A new installation decides first and reports later: the copy holds what there is."""
    both = of("dim_things", "rpt_things")
    fill(settings, 3, "a")
    serving.publish(settings, both)
    with open_serving(settings.serving / "millrace.duckdb") as con:
        first = con.execute(
            "select table_name from information_schema.tables where table_schema = 'marts'"
        )
        assert first.fetchall() == [("dim_things",)]
    with connect(settings) as con:
        assert not serving.behind(con, settings, both)

    fill(settings, 5, "b", "rpt_things")
    with connect(settings) as con:
        assert serving.behind(con, settings, both)
    serving.publish(settings, both)

    with open_serving(settings.serving / "millrace.duckdb") as con:
        assert con.execute("select count(*) from marts.rpt_things").fetchall() == [(5,)]
