"""A large file whose keys the engine finds out reads as it would line by line, and never forgets an unknown key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import duckdb
import pytest

from warehouse import scan_keys
from warehouse.connection import connect
from warehouse.contract import Contract, Field
from warehouse.internal import ensure
from warehouse.landing import list_files
from warehouse.load import FileResult, load_table
from warehouse.scan import Scan, scan
from warehouse.settings import Settings

CALLS = Contract(
    source="shop",
    table="calls",
    schema="raw_shop",
    fields=(
        Field("call_id", "callId", "VARCHAR", required=True),
        # What the engine would name a second key that differs from the first in case only.
        Field("second_id", "CALLID_1", "VARCHAR", required=False),
        Field("number", "number", "BIGINT", required=False),
        Field("called_at", "calledAt", "TIMESTAMP", required=False),
        Field("properties", "properties", "JSON", required=False),
    ),
    key=("call_id",),
    path="models/staging/shop/_shop__sources.yml",
)
NOW = datetime(2026, 6, 30, tzinfo=UTC)
# As they stand in a file.
VALUES = (
    "null",
    "true",
    '""',
    '"null"',
    '"a"',
    '"2025-06-30T00:04:01Z"',
    '"6F9619FF-8B86-D011-B42D-00CF4FC964FF"',
    r'"a \"b\" \\ \/ \n \t \u00e9 \ud83d\ude00"',
    '"é 😀"',
    "0",
    "-0.0",
    "1.50",
    "1e3",
    "12345678901234567890",
    "123456789012345678901234567890",
    "1e-7",
    "1e22",
    "[]",
    "{}",
    '[1, "a", null, {"b": [1.0]}]',
    r'{"a": 1.50, "b": null, "c": {"d": "\u00e9"}}',
)


@pytest.fixture
def con(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse to which every file is large."""
    monkeypatch.setattr(scan_keys, "LARGE_FILE_BYTES", 0)
    with connect(settings) as connection:
        ensure(connection, {CALLS.label: CALLS})
        yield connection


def land(settings: Settings, lines: list[str]) -> Path:
    """A landing file of these lines."""
    path = settings.landing / "shop" / "calls" / "a.ndjson"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def load(con: duckdb.DuckDBPyConnection, settings: Settings) -> FileResult:
    """What became of the one file."""
    (result,) = load_table(con, settings, CALLS, NOW)
    return result


def both(con: duckdb.DuckDBPyConnection, settings: Settings) -> tuple[Scan | None, Scan]:
    """The quicker scan of the landed file, if there is one, and the ordinary one."""
    (file,) = list_files(settings, CALLS)
    return scan_keys.keys_scan(con, CALLS, file), scan(con, CALLS, file)


def read(con: duckdb.DuckDBPyConnection, found: Scan) -> list[tuple[object, ...]]:
    """Every field of every row as text."""
    columns = ", ".join(
        f"cast({expression} as varchar)" for expression, _ in found.expressions.values()
    )
    query = f"select {columns}, cast({found.extra} as varchar) from {found.relation} order by all"
    return con.execute(query).fetchall()


def test_every_value_is_read_as_the_ordinary_way_reads_it(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """Texts, numbers, moments, nested and empty values, in every kind of column; keys may be missing."""
    keys = [field.source_name for field in CALLS.fields if field.name != "second_id"]
    lines = [f'{{"{key}": {value}}}' for key, value in product(keys, VALUES)]
    land(settings, lines)

    quick, ordinary = both(con, settings)

    assert quick is not None
    assert quick.relation != ordinary.relation
    found = read(con, quick)
    assert found == read(con, ordinary)
    assert len(found) == len(lines)


def test_a_key_that_comes_after_the_sample_is_kept(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """The engine refuses it, so the file is read the ordinary way, which keeps it beside the row."""
    plain = [json.dumps({"callId": f"c{n}"}) for n in range(scan_keys.SAMPLE_LINES + 100)]
    late = ['{"callId": "late", "coupon": "SPRING"}', '{"callId": "later", "number": 7}']
    land(settings, [*plain, *late])
    quick, _ = both(con, settings)
    assert quick is not None
    with pytest.raises(duckdb.Error, match='unknown key "coupon"'):
        read(con, quick)

    result = load(con, settings)

    assert (result.status, result.rows_loaded) == ("loaded", len(plain) + 2)
    query = (
        "select call_id, number, _extra from raw_shop.calls where call_id like 'late%' order by all"
    )
    kept = con.execute(query).fetchall()
    assert kept == [("late", None, '{"coupon":"SPRING"}'), ("later", 7, None)]


@pytest.mark.parametrize(
    "line",
    [
        '{"callId": "c1", "coupon": "SPRING"}',
        '{"callId": "c1", "CALLID": "c2"}',
        '{"callId": "c1", "number": "many"}',
        '{"number": 1}',
        '{"callId": "c1", "callId": "c2"}',
        '[{"callId": "c1"}, {"callId": "c2"}]',
        '"c1"',
        '{"callId": "c1"',
        '{"callId": "c1"} {"callId": "c2"}',
        '{"callId": "\\ud83d"}',
        "",
    ],
)
def test_a_line_that_is_not_as_the_contract_has_it_fares_as_ever(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
) -> None:
    """Unknown keys, wrong values, repeated keys, no objects, broken lines: same rows, same quarantine, same words."""

    def outcome() -> tuple[object, ...]:
        result = load(con, settings)
        loaded = con.execute(
            "select columns(* exclude (_batch)) from raw_shop.calls order by all"
        ).fetchall()
        refused = con.execute(
            "select line, column_name, reason, original from landing.quarantine order by all"
        ).fetchall()
        for table in ("raw_shop.calls", "landing.quarantine", "landing.files"):
            con.execute(f"delete from {table}")
        return result.status, result.message, result.rows_loaded, loaded, refused

    land(settings, ['{"callId": "c0", "number": 3, "properties": {"a": 1}}', line])
    quick = outcome()
    monkeypatch.setattr(scan_keys, "LARGE_FILE_BYTES", 1 << 40)
    assert quick == outcome()
