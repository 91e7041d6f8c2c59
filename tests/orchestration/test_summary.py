"""The summary after a run tells of what there is."""

from __future__ import annotations

import duckdb

from cli import summary


def test_win_probability_waits_for_its_report() -> None:
    """A new installation has scores before its first refresh builds reports: empty first, then filled."""
    with duckdb.connect() as con:
        con.execute("create schema scores")
        con.execute(
            "create table scores.score_win_probability (is_fallback boolean, win_probability double)"
        )
        before = summary._win_probability(con).row_count
        con.execute("create schema reports")
        con.execute(
            "create table reports.rpt_calibration as select 'win_probability' as model, 1 as bin, "
            "0.25 as predicted_mean, 0.5 as observed_rate, 8 as row_count"
        )
        after = summary._win_probability(con).row_count

    assert (before, after) == (0, 1)
