"""Compares what two engines built, row by row: integers, text, times exactly, floats to a relative 1e-9."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from warehouse.dialect import ident, literal

RELATIVE = 1e-9
# Which run computed a row: an engine that builds a model in full says the newest (docs/decisions/0012).
BOOKKEEPING = frozenset({"batch", "computed_at"})
# What a row remembers of the one that it replaced: there is none where a model is built in full.
REMEMBERED = {"int_messages__states": frozenset({"previous_node", "has_several_nodes"})}
# Rows that follow from such memory: what was told again is news to a model that is built in full.
FOLLOWING = {"int_contacts__touched": "news = 'message'"}
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Outcome:
    """One model on both engines; `note` says what differs, with an example, and is empty where nothing does."""

    model: str
    duckdb_rows: int
    spark_rows: int
    differing: int
    note: str

    @property
    def same(self) -> bool:
        """Whether every row is the same on both."""
        return not self.differing and not self.note


def compare(con: duckdb.DuckDBPyConnection, schema: str, name: str, folder: Path) -> Outcome:
    """The model in the open DuckDB file beside the Parquet files that Spark wrote into `folder`."""
    built = ident(schema, name)
    exported = f"read_parquet({literal(folder / '*.parquet')})"
    ours, theirs = _kinds(con, built), _kinds(con, exported)
    if ours != theirs:
        different = sorted({*ours.items()} ^ {*theirs.items()})
        counts = [_count(con, built), _count(con, exported)]
        return Outcome(name, *counts, max(counts), f"columns differ: {different}")
    columns = sorted(set(ours) - BOOKKEEPING - REMEMBERED.get(name, frozenset()))
    others = f"not ({FOLLOWING[name]})" if name in FOLLOWING else "true"
    left = _rows(con, built, columns, ours, others)
    right = _rows(con, exported, columns, ours, others)
    differing, example = difference(left, right, columns)
    return Outcome(name, len(left), len(right), differing, example)


def difference(left: list[Row], right: list[Row], columns: list[str]) -> tuple[int, str]:
    """How many rows have no equal on the other side, and the first such pair in words."""
    ours, theirs = Counter(left), Counter(right)
    only_left = sorted((ours - theirs).elements(), key=_order)
    only_right = sorted((theirs - ours).elements(), key=_order)
    wrong = [pair for pair in _pairs(only_left, only_right) if not _equal(*pair)]
    return len(wrong), _words(*wrong[0], columns) if wrong else ""


def _pairs(left: list[Row], right: list[Row]) -> list[tuple[Row | None, Row | None]]:
    """Rows that agree in all but floats belong together; what is left over has nobody."""
    pairs: list[tuple[Row | None, Row | None]] = []
    i = j = 0
    while i < len(left) or j < len(right):
        mine = _exact(left[i]) if i < len(left) else None
        other = _exact(right[j]) if j < len(right) else None
        take_left = other is None or (mine is not None and mine <= other)
        take_right = mine is None or (other is not None and other <= mine)
        pairs.append((left[i] if take_left else None, right[j] if take_right else None))
        i, j = i + take_left, j + take_right
    return pairs


def _equal(left: Row | None, right: Row | None) -> bool:
    if left is None or right is None:
        return False
    return all(
        a == b
        or (isinstance(a, float) and isinstance(b, float) and math.isclose(a, b, rel_tol=RELATIVE))
        for a, b in zip(left, right, strict=True)
    )


def _exact(row: Row) -> tuple[tuple[bool, str], ...]:
    return tuple((v is None, "" if isinstance(v, float) else str(v)) for v in row)


def _order(row: Row) -> tuple[Any, ...]:
    return _exact(row), tuple(value for value in row if isinstance(value, float))


def _words(left: Row | None, right: Row | None, columns: list[str]) -> str:
    if left is not None and right is not None:
        return "; ".join(
            f"{name}: {a!r} on DuckDB, {b!r} on Spark"
            for name, a, b in zip(columns, left, right, strict=True)
            if a != b
        )
    row, engine = (left, "DuckDB") if left is not None else (right, "Spark")
    assert row is not None
    return f"only on {engine}: " + str(dict(zip(columns, map(str, row), strict=True)))


def _kinds(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Column names with what kind of value they hold; names are compared in lower case."""
    rows = con.execute(f"describe select * from {relation}").fetchall()
    return {row[0].lower(): _kind(row[1]) for row in rows}


def _kind(data_type: str) -> str:
    for kind, names in {
        "whole number": ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
        "float": ("FLOAT", "DOUBLE"),
        "text": ("VARCHAR", "JSON"),
        "time": ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE"),
    }.items():
        if data_type in names:
            return kind
    return data_type.lower()


def _rows(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: list[str],
    kinds: dict[str, str],
    condition: str,
) -> list[Row]:
    casts = {"time": "timestamp", "text": "varchar", "whole number": "hugeint"}
    chosen = [
        f"cast({ident(name)} as {casts[kinds[name]]})" if kinds[name] in casts else ident(name)
        for name in columns
    ]
    return con.execute(f"select {', '.join(chosen)} from {relation} where {condition}").fetchall()


def _count(con: duckdb.DuckDBPyConnection, relation: str) -> int:
    return int(con.execute(f"select count(*) from {relation}").fetchall()[0][0])
