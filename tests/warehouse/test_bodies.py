"""Bodies as vendors post them: arrays, documents over many lines and wrappers become one row per record."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from warehouse.connection import connect
from warehouse.contract import Contract, Field
from warehouse.documents import json_values
from warehouse.internal import ensure
from warehouse.load import FileResult, load_table
from warehouse.scan import MAX_LINE_BYTES
from warehouse.settings import Settings

NOW = datetime(2026, 6, 30, tzinfo=UTC)
EVENTS = Contract(
    source="vendor",
    table="events",
    schema="raw_vendor",
    fields=(
        Field("event", "event", "VARCHAR", required=False),
        Field("number", "n", "BIGINT", required=False),
        Field("long_id", "LongID", "VARCHAR", required=False),
        Field("message", "msg", "JSON", required=False),
        Field("envelope_id", "EnvelopeId", "VARCHAR", required=False),
        Field("wrapper", "wrapper", "JSON", required=False),
    ),
    key=("event", "number"),
    path="models/staging/vendor/_vendor__sources.yml",
    any_of=("event", "wrapper"),
    unwrap=("events", "wrapper.*", "Message"),
)


@pytest.fixture
def con(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with the empty table of the test's contract."""
    with connect(settings) as connection:
        ensure(connection, {EVENTS.label: EVENTS})
        yield connection


def load(
    con: duckdb.DuckDBPyConnection, settings: Settings, name: str, text: str | bytes
) -> FileResult:
    """Land one file and load it."""
    path = settings.landing / "vendor" / "events" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(raw, mtime=0) if name.endswith(".gz") else raw)
    [result] = load_table(con, settings, EVENTS, NOW)
    return result


def numbers(con: duckdb.DuckDBPyConnection) -> list[Any]:
    """The loaded numbers, sorted."""
    return [
        row[0] for row in con.execute("select number from raw_vendor.events order by 1").fetchall()
    ]


ONE, TWO, THREE = ({"event": "e", "n": n} for n in (1, 2, 3))


@pytest.mark.parametrize(
    ("name", "indent"),
    [("a.json", None), ("a.json", 2), ("a.json.gz", 2), ("a.ndjson", None), ("a.ndjson.gz", None)],
)
@pytest.mark.parametrize(
    "body",
    [
        [ONE, TWO],
        {"events": [ONE, TWO]},
        {"events": json.dumps([ONE, TWO])},
        [{"wrapper": {"track_event": ONE}}, {"wrapper": {"message_event": TWO}}],
        [{"Message": json.dumps(ONE)}, {"Message": TWO}],
    ],
)
def test_a_body_as_posted_is_one_row_per_event(
    con: duckdb.DuckDBPyConnection, settings: Settings, body: Any, indent: int | None, name: str
) -> None:
    """Whether it is an array, wrapped, or text inside JSON; on one line or over many."""
    result = load(con, settings, name, json.dumps(body, indent=indent))

    assert (result.status, result.rows_read, result.rows_loaded) == ("loaded", 2, 2)
    assert numbers(con) == [1, 2]


def test_split_lines_and_bodies_may_stand_in_one_file(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """One line an event, the next an array of them."""
    lines = [json.dumps(ONE), json.dumps([TWO, THREE]), "[]"]

    result = load(con, settings, "a.ndjson", "\n".join(lines) + "\n")

    assert (result.status, result.rows_loaded) == ("loaded", 3)


def test_what_stands_beside_the_content_of_a_wrapper_is_kept(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """An envelope's id goes with the event; numbers beyond doubles and nulls without an envelope stay exact."""
    exact = {"event": "e", "n": 2, "LongID": 12345678901234567, "msg": {"a": None}}
    load(
        con,
        settings,
        "a.json",
        json.dumps([{"EnvelopeId": "x", "Message": json.dumps(ONE)}, exact]),
    )

    rows = con.execute(
        "select number, envelope_id, long_id, message, _extra from raw_vendor.events order by 1"
    ).fetchall()
    assert rows == [
        (1, "x", None, None, None),
        (2, None, "12345678901234567", '{"a":null}', None),
    ]


def test_a_wrapper_with_nothing_in_it_and_text_that_is_no_event_stay_as_they_are(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """A ping has no event: it is kept if the contract knows it, else it is quarantined with the reason."""
    body = [{"wrapper": {}}, {"Message": "You have chosen to subscribe"}]

    result = load(con, settings, "a.json", json.dumps(body))

    assert (result.rows_read, result.rows_loaded, result.rows_quarantined) == (2, 1, 1)
    assert con.execute("select wrapper from raw_vendor.events").fetchall() == [("{}",)]
    assert con.execute(
        "select column_name, reason, original from landing.quarantine"
    ).fetchall() == [("event, wrapper", "event or wrapper: one is required", json.dumps(body[1]))]


@pytest.mark.parametrize("name", ["a.json", "a.ndjson"])
def test_one_bad_event_of_a_body_does_not_take_the_others_with_it(
    con: duckdb.DuckDBPyConnection, settings: Settings, name: str
) -> None:
    """It is quarantined with its own text and the line that it is on."""
    body = [ONE, {"event": "e", "n": "many"}, 7, THREE]

    result = load(con, settings, name, "\n" * 3 + json.dumps(body) + "\n")

    assert (result.status, result.rows_read, result.rows_loaded) == ("repaired", 4, 2)
    found = con.execute(
        "select line, reason, original from landing.quarantine order by 2"
    ).fetchall()
    assert [row[:2] for row in found] == [
        (4, "n: not a BIGINT: many"),
        (4, "not a JSON object"),
    ]
    assert [json.loads(row[2]) for row in found] == body[1:3]


def test_a_broken_document_loses_only_what_is_broken(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """Elements before and after a broken one load; a cut end says that it was cut."""
    text = (
        '[\n  {"event": "e", "n": 1},\n  {"event": oops,\n   "n": 2},\n'
        '  {"event": "e", "n": 3},\n  {"event": "e"'
    )

    result = load(con, settings, "a.json", text)

    assert (result.rows_read, result.rows_loaded, result.rows_quarantined) == (5, 2, 3)
    assert numbers(con) == [1, 3]
    assert con.execute(
        "select line, reason, original from landing.quarantine order by 1"
    ).fetchall() == [
        (3, "not valid JSON: Expecting value", '{"event": oops,\n   "n": 2},'),
        (6, "not valid JSON: Expecting ',' delimiter", '{"event": "e"'),
        (
            6,
            "the document ends inside an array; send the whole file again",
            "(the end of the file)",
        ),
    ]


def test_a_cut_gzip_document_says_so(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Whole events load, the rest is one broken record."""
    many = [{"event": "e", "n": n * 7919 % 100003, "LongID": str(n * 31337)} for n in range(20000)]
    packed = gzip.compress(json.dumps(many).encode(), mtime=0)
    path = settings.landing / "vendor" / "events" / "a.json.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(packed[: len(packed) // 2])

    [result] = load_table(con, settings, EVENTS, NOW)

    assert 1000 < result.rows_loaded < 20000
    assert con.execute("select reason from landing.quarantine").fetchall() == [
        ("the gzip stream ends early; send the whole file again",)
    ]


def test_bytes_that_are_no_text_are_quarantined(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """Not UTF-8, or a NUL: this event only."""
    result = load(
        con,
        settings,
        "a.json",
        b'\xef\xbb\xbf{"event": "e", "n": 1}\n{"event": "\xe9"}\n{"event": "\x00"}\n{"event": "e", "n": 2}\n',
    )

    assert (result.rows_loaded, result.rows_quarantined) == (2, 2)
    assert numbers(con) == [1, 2]


def test_values_are_found_across_pieces_and_a_huge_one_is_refused(tmp_path: Path) -> None:
    """A file larger than what is read at once; one value above the limit is cut into broken pieces, not held."""
    path = tmp_path / "big.json"
    filler = "x" * 1000
    path.write_text(
        json.dumps([{"n": n, "filler": filler} for n in range(3000)])
        + '\n{"n": "'
        + "y" * (2 * MAX_LINE_BYTES)
        + '"}\n{"n": 1}\n'
    )

    found = list(json_values(path))

    assert [json.loads(value.text)["n"] for value in found[:3000]] == list(range(3000))
    assert found[-1].text == '{"n": 1}'
    assert all(value.problem for value in found[3000:-1])
    assert "".join(value.text for value in found[3000:-1]).count("y") == 2 * MAX_LINE_BYTES
