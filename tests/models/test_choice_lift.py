"""What choices earned against their control group, with an interval that counts contacts."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

MODEL = Path(__file__).parents[2] / "models" / "reports" / "rpt_choice_lift.sql"


def lift(rows: pl.DataFrame) -> dict[str, float]:
    """The report's one row."""
    with duckdb.connect() as con:
        con.register("choices_in", rows.to_arrow())
        sql = MODEL.read_text().replace("{{ ref('fct_message_choices') }}", "choices_in")
        found = con.execute(sql)
        names = [column[0] for column in found.description or []]
        (row,) = found.fetchall()
        return dict(zip(names, row, strict=True))


def choices(contacts: int, each: int, gain: float, seed: int) -> pl.DataFrame:
    """Messages of contacts who differ much in how often they click; a tenth is the control group."""
    rng = np.random.default_rng(seed)
    control = np.repeat(rng.random(contacts) < 0.1, each)
    level = np.repeat(rng.beta(1, 9, contacts), each)
    size = contacts * each
    return pl.DataFrame(
        {
            "kind": ["time"] * size,
            "contact_id": np.repeat(np.arange(contacts), each).astype(str),
            "message": ["hello"] * size,
            "is_control": control,
            "is_clicked": rng.random(size) < level * np.where(control, 1, 1 + gain),
            "is_opened": [True] * size,
            "is_mature": [True] * size,
            "policy_version": ["v1"] * size,
            "revenue_cents": np.where(control, 100, 150),
        }
    )


def test_a_planted_lift_is_within_its_interval_and_told_apart_from_none() -> None:
    """Half as many clicks again show; revenue per message is compared, too."""
    found = lift(choices(4000, 5, 0.5, 1))

    assert found["lift_low"] < 0.05 < found["lift_high"]
    assert found["lift_low"] > 0
    assert found["revenue_lift_cents"] == pytest.approx(50)
    assert found["message_count"] + found["control_message_count"] == 20_000


def test_the_interval_covers_none_where_there_is_none() -> None:
    """Ninety in a hundred times; over sixty worlds, within what chance allows."""
    found = [lift(choices(600, 8, 0.0, seed)) for seed in range(60)]
    covered = sum(one["lift_low"] <= 0 <= one["lift_high"] for one in found)

    assert 45 <= covered <= 59


def test_copies_of_messages_do_not_narrow_the_interval() -> None:
    """Contacts count."""
    rows = choices(1000, 3, 0.2, 5)
    once, often = lift(rows), lift(pl.concat([rows] * 6))

    assert often["lift"] == pytest.approx(once["lift"])
    assert often["lift_high"] == pytest.approx(once["lift_high"])
