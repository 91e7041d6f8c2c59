"""The platform's own tables: made once, grown where an older installation lacks a column; new files are seen."""

from __future__ import annotations

import os
from dataclasses import replace

from tests.warehouse.test_load import GOOD, HEADER, NOW, PEOPLE, land
from warehouse.connection import connect
from warehouse.contract import Field
from warehouse.internal import TABLES, columns_of, ensure, make_tables
from warehouse.landing import with_news
from warehouse.load import load_table
from warehouse.manifest import load_manifest, read
from warehouse.settings import Settings

GROWN = replace(PEOPLE, fields=(*PEOPLE.fields, Field("city", "city", "VARCHAR", required=False)))


def test_tables_are_made_once_and_keep_their_rows(settings: Settings) -> None:
    """Asked for again, every table is there with its columns in order, and no row is lost."""
    with connect(settings) as con:
        ensure(con, {PEOPLE.label: PEOPLE})
        con.execute("insert into raw_millrace.clock values (timestamp '2026-06-30')")
        ensure(con, {PEOPLE.label: PEOPLE})
        assert con.execute("select count(*) from raw_millrace.clock").fetchall() == [(1,)]
        found = columns_of(con, {name.split(".")[0] for name in TABLES} | {PEOPLE.schema})
    for name, ddl in TABLES.items():
        schema, table = name.split(".")
        assert found[schema, table] == [part.split()[0] for part in ddl.split(",")]
    promised = [field.name for field in PEOPLE.fields]
    assert found[PEOPLE.schema, PEOPLE.table][: len(promised)] == promised


def test_older_tables_get_the_columns_that_they_lack(settings: Settings) -> None:
    """A column that a table or a contract has grown since is added; rows of before have no value there."""
    with connect(settings) as con:
        make_tables(con, {"landing.notes": "note varchar"})
        con.execute("insert into landing.notes values ('kept')")
        make_tables(con, {"landing.notes": "note varchar, at_line bigint"})
        assert con.execute("select note, at_line from landing.notes").fetchall() == [("kept", None)]
        ensure(con, {PEOPLE.label: PEOPLE})
        ensure(con, {PEOPLE.label: GROWN})
        assert columns_of(con, {PEOPLE.schema})[PEOPLE.schema, PEOPLE.table][-1] == "city"


def test_another_database_in_view_hides_nothing_that_is_missing(settings: Settings) -> None:
    """What an attached database holds is not taken for ours."""
    with connect(settings) as con:
        con.execute("attach ':memory:' as other")
        con.execute("create schema other.landing")
        con.execute("create table other.landing.files (path varchar)")
        ensure(con, {})
        assert con.execute("select count(*) from landing.files").fetchall() == [(0,)]


def test_a_folder_has_news_until_its_files_are_loaded(settings: Settings) -> None:
    """A new file is news, a loaded one is not, a touched one is again."""
    with connect(settings) as con:
        ensure(con, {PEOPLE.label: PEOPLE})
        assert with_news(con, settings, [PEOPLE]) == []
        path = land(settings, "a.csv", HEADER + GOOD)
        assert with_news(con, settings, [PEOPLE]) == [PEOPLE]
        load_table(con, settings, PEOPLE, NOW)
        assert with_news(con, settings, [PEOPLE]) == []
        os.utime(path, ns=(0, 0))
        assert with_news(con, settings, [PEOPLE]) == [PEOPLE]


def test_a_manifest_is_read_anew_when_its_file_is_another(settings: Settings) -> None:
    """The same file is read once; one that was put in its place is read again."""
    load_manifest(settings)
    path = settings.dbt_target / "manifest.json"
    copy = settings.home / "manifest.json"
    copy.parent.mkdir(parents=True, exist_ok=True)
    text = path.read_text(encoding="utf-8")
    copy.write_text(text, encoding="utf-8")
    first = read(copy)
    assert read(copy) is first
    copy.with_suffix(".new").write_text(text.replace('"seg_vip"', '"seg_best"'), encoding="utf-8")
    os.replace(copy.with_suffix(".new"), copy)
    assert "seg_vip" in first.models
    assert "seg_best" in read(copy).models
