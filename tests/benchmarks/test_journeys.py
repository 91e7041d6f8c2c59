"""The journeys' benchmark and proof at a small size: they measure what they say, and the proof can fail."""

from __future__ import annotations

from pathlib import Path

from benchmarks import journeys, prove_journeys


def test_everybody_moves_nobody_moves_when_nothing_is_due_and_a_hundredth_does(
    tmp_path: Path,
) -> None:
    """A thousand contacts: the figures come from ticks that really moved so many."""
    path = tmp_path / "w.duckdb"
    journeys.prepare(path, 1_000, 5)

    found = journeys.run(path, 1_000, 5)

    assert found["moves"] > 5_000
    assert found["idle_moves"] == 0
    assert 5 <= found["tick_1pct_due"] <= 20
    assert found["tick_1pct_moves"] >= found["tick_1pct_due"]


def test_a_difference_of_one_row_is_seen(tmp_path: Path) -> None:
    """Two warehouses that differ in one position do not look alike."""
    import duckdb

    one, two = tmp_path / "one.duckdb", tmp_path / "two.duckdb"
    for path in (one, two):
        prove_journeys.prepare(path, 50, 5)
        prove_journeys.advance(path, 30)
    assert prove_journeys.state(one) == prove_journeys.state(two)
    con = duckdb.connect(str(two))
    con.execute("update journeys.positions set visit = 2 where enrollment_no = 1")
    con.close()

    assert prove_journeys.state(one) != prove_journeys.state(two)
