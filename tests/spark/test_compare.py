"""The comparison of two engines' rows finds what differs, and only that."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.spark.compare import compare, difference

COLUMNS = ["key", "value"]


def test_the_order_of_rows_does_not_matter() -> None:
    """Tables have none."""
    assert difference([("a", 1), ("b", 2)], [("b", 2), ("a", 1)], COLUMNS) == (0, "")


def test_floats_may_differ_in_the_last_digits_only() -> None:
    """Sums depend on the order of their terms."""
    assert difference([("a", 0.1 + 0.2)], [("a", 0.3)], COLUMNS) == (0, "")

    count, words = difference([("a", 0.3)], [("a", 0.3001)], COLUMNS)

    assert count == 1
    assert words == "value: 0.3 on DuckDB, 0.3001 on Spark"


@pytest.mark.parametrize(
    ("left", "right", "count"),
    [
        ([("a", 1)], [("a", 2)], 2),
        ([("a", 1), ("a", 1)], [("a", 1)], 1),
        ([("a", None)], [("a", 0)], 2),
        ([("a", "")], [("a", None)], 2),
        ([("a", 1.0)], [("a", None)], 2),
        ([], [("a", 1)], 1),
    ],
)
def test_rows_without_an_equal_are_counted(left: list, right: list, count: int) -> None:
    """Each row that is on one engine only, repeats and missing values included."""
    found, words = difference(left, right, COLUMNS)

    assert found == count
    assert words.startswith("only on ")


def test_tables_are_compared_by_column_and_kind(tmp_path: Path) -> None:
    """Wider integers and times with an offset are the same; text is no number."""
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        con.execute(
            "create table built as select 1::integer as n, timestamp '2026-06-30 12:00' as t"
        )
        for name, number in (("same", "1::bigint"), ("text", "'1'"), ("two", "2")):
            (tmp_path / name).mkdir()
            con.execute(
                f"copy (select timestamptz '2026-06-30 14:00+02' as t, {number} as n) "
                f"to '{tmp_path / name}/part.parquet' (format parquet)"
            )

        assert compare(con, "main", "built", tmp_path / "same").same
        assert "columns differ" in compare(con, "main", "built", tmp_path / "text").note
        assert compare(con, "main", "built", tmp_path / "two").differing == 2


def test_what_a_row_remembers_of_the_one_before_is_not_compared(tmp_path: Path) -> None:
    """Only that: the same column of another model is, and so is all other news."""
    with duckdb.connect() as con:
        con.execute("create table states as select 'm1' as message_id, 'a' as previous_node")
        con.execute("create table touched as select 'c1' as contact_id, 'order' as news")
        for name, query in {
            "states": "select 'm1' as message_id, cast(null as varchar) as previous_node",
            "more": "select 'c1' as contact_id, 'order' as news union all select 'c2', 'message'",
            "less": "select 'c2' as contact_id, 'message' as news",
        }.items():
            (tmp_path / name).mkdir()
            con.execute(f"copy ({query}) to '{tmp_path / name}/part.parquet' (format parquet)")
        for name in ("int_messages__states", "int_events__unioned"):
            con.execute(f"create view {name} as from states")
        con.execute("create view int_contacts__touched as from touched")

        assert compare(con, "main", "int_messages__states", tmp_path / "states").same
        assert compare(con, "main", "int_events__unioned", tmp_path / "states").differing == 2
        assert compare(con, "main", "int_contacts__touched", tmp_path / "more").same
        assert compare(con, "main", "int_contacts__touched", tmp_path / "less").differing == 1
