"""Texts of moments mean the same whichever way they are read."""

from __future__ import annotations

from itertools import product

import duckdb

from warehouse.contract import Field
from warehouse.typed import value

DATES = (
    "2025-06-30",
    "2025-6-3",
    "2025-06-31",
    "0001-01-01",
    "294247-01-10",
    "infinity",
    "epoch",
    " 2025-06-30",
    "now",
    "",
)
TIMES = (
    "",
    "T00:04:01",
    "T00:04",
    " 00:04:01.123",
    "T24:00:00",
    "T23:59:60",
    "T00:04:01.123456789",
    "T1:2:3",
    "T25:00:00",
)
ZONES = (
    "Z",
    " Z",
    "ZZ",
    "z",
    "+00Z",
    "+02:00",
    "-0500",
    " UTCZ",
    " America/La_PaZ",
    "Europe/Z",
    "",
)


def test_a_moment_in_utc_is_read_as_one_with_any_other_offset() -> None:
    """The short way for texts that end with Z gives what the way through the offset gives."""
    moment = Field("t", "t", "TIMESTAMP", False)
    texts = ["".join(parts) for parts in product(DATES, TIMES, ZONES)]
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        con.execute("create table texts as select unnest(?) as t", [texts])
        query = f"select t, {value(moment, 't')}, cast(try_cast(t as timestamptz) as timestamp) from texts"
        found = {text: (ours, plain) for text, ours, plain in con.execute(query).fetchall()}

    # A space before a mere offset is what only ours reads.
    apart = {text for text in found if text.endswith(" Z")}
    differing = {t for t, (ours, plain) in found.items() if ours != plain and t not in apart}
    assert differing == set()
    assert found["2025-06-30T00:04:01Z"][0] == found["2025-06-30T00:04:01 Z"][0] is not None
    assert sum(ours is not None for ours, _ in found.values()) > 100
