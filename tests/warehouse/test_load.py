"""Loading landing files: every row is loaded or quarantined, each content once, whatever state the file is in."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from warehouse.connection import connect
from warehouse.contract import Contract, Field, spellings
from warehouse.errors import ContractError
from warehouse.internal import ensure
from warehouse.load import FileResult, load_table
from warehouse.settings import Settings

NOW = datetime(2026, 6, 30, tzinfo=UTC)
PEOPLE = Contract(
    source="shop",
    table="people",
    schema="raw_shop",
    fields=(
        Field("person_id", "person_id", "VARCHAR", required=True),
        Field("age", "age", "BIGINT", required=False),
        Field("spent", "spent", "DOUBLE", required=False),
        Field("created_at", "createdAt", "TIMESTAMP", required=True),
        Field("traits", "traits", "JSON", required=False),
    ),
    key=("person_id",),
    path="models/staging/shop/_shop__sources.yml",
)
HEADER = "person_id,age,spent,createdAt,traits\n"
GOOD = 'p1,41,9.5,2026-01-02T03:04:05Z,"{""a"": 1}"\n'


@pytest.fixture
def con(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with the empty tables of the test's contract."""
    with connect(settings) as connection:
        ensure(connection, {PEOPLE.label: PEOPLE})
        yield connection


def land(settings: Settings, name: str, content: str | bytes) -> Path:
    """Put a file into the landing folder of the test's table."""
    path = settings.landing / "shop" / "people" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = content.encode() if isinstance(content, str) else content
    path.write_bytes(
        gzip.compress(raw, mtime=0) if name.endswith(".gz") and isinstance(content, str) else raw
    )
    return path


def load(con: duckdb.DuckDBPyConnection, settings: Settings) -> list[FileResult]:
    """Load what is new."""
    return load_table(con, settings, PEOPLE, NOW)


def quarantined(con: duckdb.DuckDBPyConnection) -> list[tuple[int, str | None, str, str]]:
    """Line, columns, reason and original text of every quarantined row."""
    return con.execute(
        "select line, column_name, reason, original from landing.quarantine order by path, line"
    ).fetchall()


def rows(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    """The loaded rows."""
    return con.execute(
        "select person_id, age, spent, created_at, traits from raw_shop.people order by all"
    ).fetchall()


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_good_csv_is_loaded_with_its_types(
    con: duckdb.DuckDBPyConnection, settings: Settings, name: str
) -> None:
    """Plain or gzip, text becomes numbers, times and JSON, and empty cells become NULL."""
    land(settings, name, HEADER + GOOD + "p2,,,2026-01-02 05:00:00+02:00,\n")

    [result] = load(con, settings)

    assert (result.status, result.rows_loaded, result.rows_quarantined) == ("loaded", 2, 0)
    assert rows(con) == [
        ("p1", 41, 9.5, datetime(2026, 1, 2, 3, 4, 5), '{"a": 1}'),
        ("p2", None, None, datetime(2026, 1, 2, 3), None),
    ]


def test_bom_crlf_quotes_and_newlines_in_cells_are_read(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """What spreadsheets write is no error."""
    text = "\ufeff" + HEADER + '"p,1",41,,2026-01-02T03:04:05Z,\n"p\n2",7,,2026-01-02,\n'
    land(settings, "a.csv", text.replace("\n", "\r\n"))

    [result] = load(con, settings)

    assert (result.rows_loaded, result.rows_quarantined) == (2, 0)
    assert [row[0].replace("\r", "") for row in rows(con)] == ["p\n2", "p,1"]


def test_every_broken_csv_row_is_quarantined_with_line_column_reason_and_text(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """One file with every kind of damage: the good rows load, and nothing is lost."""
    broken = [
        "p3,forty,,2026-01-01,\n",
        "p4,1.5,,2026-01-01,\n",
        ",1,,2026-01-01,\n",
        "p6,1,,someday,\n",
        "p7,1,,2026-01-01\n",
        "p8,1,,2026-01-01,{oops\n",
        'p9,1,,"2026-01-01,\n',
        "p10,1,x,,\n",
    ]
    land(settings, "a.csv", HEADER + GOOD + "".join(broken) + "p11,3,,2026-01-01,\n")

    [result] = load(con, settings)

    assert (result.status, result.rows_loaded, result.rows_quarantined) == ("repaired", 2, 8)
    assert [row[0] for row in rows(con)] == ["p1", "p11"]
    assert quarantined(con) == [
        (3, "age", "age: not a BIGINT: forty", "p3,forty,,2026-01-01,"),
        (4, "age", "age: not a BIGINT: 1.5", "p4,1.5,,2026-01-01,"),
        (5, "person_id", "person_id: required, but empty", ",1,,2026-01-01,"),
        (6, "created_at", "createdAt: not a TIMESTAMP: someday", "p6,1,,someday,"),
        (7, None, "expected 5 columns, found 4", "p7,1,,2026-01-01"),
        (8, "traits", "traits: not a JSON: {oops", "p8,1,,2026-01-01,{oops"),
        (9, None, "a quote opens and never closes", 'p9,1,,"2026-01-01,'),
        (
            10,
            "spent, created_at",
            "spent: not a DOUBLE: x; createdAt: required, but empty",
            "p10,1,x,,",
        ),
    ]


def test_broken_json_lines_are_quarantined_and_blank_ones_passed_over(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """Cut JSON, a bare number, a wrong type and a byte that is not UTF-8, among good lines with a BOM and CRLF."""
    good = json.dumps({"person_id": "p1", "age": 3, "createdAt": "2026-01-01T00:00:00Z"})
    lines = [
        b"\xef\xbb\xbf" + good.encode(),
        b'{"person_id": "p2", "createdAt": "2026-0',
        b"",
        b"17",
        b'{"person_id": "p4", "age": "x", "createdAt": "2026-01-01"}',
        b'{"person_id": "p\xe9", "createdAt": "2026-01-01"}',
        b'{"person_id": "p6", "createdAt": "2026-01-01", "age": null, "colour": "red"}',
    ]
    land(settings, "a.ndjson", b"\r\n".join(lines))

    [result] = load(con, settings)

    assert (result.rows_read, result.rows_loaded, result.rows_quarantined) == (6, 2, 4)
    assert [(line, reason) for line, _, reason, _ in quarantined(con)] == [
        (2, "not valid JSON"),
        (4, "not a JSON object"),
        (5, "age: not a BIGINT: x"),
        (6, "not UTF-8: byte 0xe9 at 17"),
    ]
    assert quarantined(con)[3][3] == '{"person_id": "p\\xe9", "createdAt": "2026-01-01"}'
    assert con.execute(
        "select person_id, _extra from raw_shop.people where _extra is not null"
    ).fetchall() == [("p6", '{"colour":"red"}')]


@pytest.mark.parametrize("name", ["a.csv.gz", "a.ndjson.gz"])
def test_gzip_cut_in_half_loads_whole_lines_and_says_that_it_was_cut(
    con: duckdb.DuckDBPyConnection, settings: Settings, name: str
) -> None:
    """What could be read is loaded; the cut itself is a quarantined line with the remaining text."""
    if "csv" in name:
        text = HEADER + "".join(
            f"p{i:06},{i % 90},{i * 7919 % 1000},2026-01-01,\n" for i in range(20000)
        )
    else:
        text = "".join(
            json.dumps({"person_id": f"p{i:06}", "age": i * 7919 % 97, "createdAt": "2026-01-01"})
            + "\n"
            for i in range(20000)
        )
    whole = gzip.compress(text.encode(), mtime=0)
    land(settings, name, whole[: len(whole) // 2])

    [result] = load(con, settings)

    assert result.status == "repaired"
    assert 1000 < result.rows_loaded < 20000
    [(line, _, reason, original)] = quarantined(con)
    assert reason == "the gzip stream ends early; send the whole file again"
    lines = text.splitlines()
    assert line == result.rows_loaded + 1 + ("csv" in name)
    assert lines[line - 1].startswith(original)

    land(settings, "b-" + name, whole)
    [again] = load(con, settings)
    assert (again.status, again.rows_loaded) == ("loaded", 20000)


def test_same_content_is_loaded_once_whatever_its_name(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """A second run finds nothing new, and a copy under another name is recognised."""
    land(settings, "a.csv", HEADER + GOOD)
    load(con, settings)
    assert load(con, settings) == []

    land(settings, "copy.csv", HEADER + GOOD)
    [result] = load(con, settings)

    assert (result.status, result.message) == ("duplicate", "same content as shop/people/a.csv")
    assert len(rows(con)) == 1


def test_unknown_column_is_kept_and_named(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """Nothing that arrives is thrown away."""
    land(settings, "a.csv", "person_id,createdAt,shoe size\np1,2026-01-01,44\n")

    [result] = load(con, settings)

    assert result.message == "unknown columns kept in _extra: shoe size"
    assert con.execute("select _extra from raw_shop.people").fetchall() == [('{"shoe size":"44"}',)]


def test_a_contract_may_take_a_name_in_any_spelling(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """Exports of other warehouses shout, older connectors write in one word; two spellings are not mixed."""
    loose = replace(PEOPLE, fields=tuple(replace(f, also=spellings(f.name)) for f in PEOPLE.fields))
    land(settings, "a.csv", "PERSON_ID,AGE,CREATED_AT,createdAt\np1,41,2026-01-01,2026-02-01\n")
    land(settings, "b.csv", "PersonId,CREATED_AT\np2,2026-01-03\n")

    results = load_table(con, settings, loose, NOW)

    assert [result.rows_loaded for result in results] == [1, 1]
    assert con.execute(
        "select person_id, age, created_at, _extra from raw_shop.people order by all"
    ).fetchall() == [
        ("p1", 41, datetime(2026, 2, 1), '{"CREATED_AT":"2026-01-01"}'),
        ("p2", None, datetime(2026, 1, 3), None),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01 12:00:00.000 +0200",
        "2026-01-01 12:00:00 +02:00",
        "2026-01-01 12:00:00+02",
        "2026-01-01 12:00:00 +0200 UTC",
        "2026-01-01 10:00:00.000 Z",
        "2026-01-01 10:00:00 UTC",
    ],
)
def test_an_offset_may_stand_apart(
    con: duckdb.DuckDBPyConnection, settings: Settings, text: str
) -> None:
    """Snowflake writes times with a space before the offset, BigQuery and programs in Go with the zone's name."""
    land(settings, "a.csv", f"person_id,createdAt\np1,{text}\n")

    [result] = load(con, settings)

    assert (result.rows_loaded, result.rows_quarantined) == (1, 0)
    assert con.execute("select created_at from raw_shop.people").fetchall() == [
        (datetime(2026, 1, 1, 10),)
    ]


def test_missing_required_column_is_a_clear_error(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """The message names file, line, column and contract; nothing is put on record, so a mended file loads."""
    land(settings, "a.csv", "person_id,age\np1,3\n")

    with pytest.raises(ContractError) as caught:
        load(con, settings)

    assert "shop/people/a.csv, line 1: required column createdAt is missing" in str(caught.value)
    assert "models/staging/shop/_shop__sources.yml" in str(caught.value)
    assert con.execute("select count(*) from landing.files").fetchall() == [(0,)]


def test_parquet_is_loaded_and_its_bad_values_quarantined(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """Typed columns are taken as they are; text that does not fit is quarantined with the row as JSON."""
    path = land(settings, "a.parquet", b"")
    con.execute(
        "copy (select 'p' || i as person_id, case when i = 2 then 'x' else '7' end as age, "
        "timestamptz '2026-01-01 02:00:00+02' as \"createdAt\", {'a': i} as traits, 'z' as note "
        f"from range(3) as t(i)) to '{path}' (format parquet)"
    )

    [result] = load(con, settings)

    assert (result.rows_loaded, result.rows_quarantined) == (2, 1)
    assert rows(con)[0] == ("p0", 7, None, datetime(2026, 1, 1), '{"a":0}')
    [(line, column, reason, original)] = quarantined(con)
    assert (line, column, reason) == (3, "age", "age: not a BIGINT: x")
    assert json.loads(original)["person_id"] == "p2"


def test_file_that_is_no_parquet_fails_alone(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """The file is put on record as failed with the reason; the next file loads."""
    land(settings, "a.parquet", b"PAR1 but not really")
    land(settings, "b.csv", HEADER + GOOD)

    failed, loaded = load(con, settings)

    assert failed.status == "failed"
    assert "shop/people/a.parquet: not a readable Parquet file" in failed.message
    assert loaded.rows_loaded == 1


def test_empty_file_loads_nothing(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """A header without rows is fine; an empty CSV lacks its columns and says so."""
    land(settings, "a.csv", HEADER)
    [result] = load(con, settings)
    assert (result.status, result.rows_loaded) == ("loaded", 0)

    land(settings, "b.csv", "")
    with pytest.raises(ContractError, match="required column person_id, createdAt is missing"):
        load(con, settings)


def test_a_repeated_column_is_kept_beside_the_row(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """The first of equal names is the column; what the others say stays in _extra."""
    land(settings, "a.csv", "person_id,age,createdAt,age,AGE\np1,41,2026-01-02T03:04:05Z,42,43\n")

    [result] = load(con, settings)

    assert (result.rows_loaded, result.rows_quarantined) == (1, 0)
    assert con.execute("select age, _extra from raw_shop.people").fetchall() == [
        (41, '{"age (2)":"42","AGE (3)":"43"}')
    ]
