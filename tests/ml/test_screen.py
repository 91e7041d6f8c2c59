"""Very many features: those that tell the outcome take part, whatever their form; ordinary tables are left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from ml import encode, screen
from ml.frames import LABEL
from ml.learner import learn

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
ROWS, COLUMNS = 1200, 600


def wide(signal: float, seed: int = 4) -> tuple[pl.DataFrame, np.ndarray]:
    """Hundreds of columns of noise beside one that rises, a U-shaped one, one of gaps, and a category."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(ROWS, COLUMNS))
    rising, bent = rng.lognormal(0, 2, ROWS), rng.normal(size=ROWS)
    absent, kind = rng.random(ROWS) < 0.3, rng.choice(list("abcd"), ROWS)
    score = np.log(rising) / 2 + (bent**2 - 1) + 1.5 * (absent - 0.3) + 1.2 * (kind == "a")
    label = (rng.random(ROWS) < 1 / (1 + np.exp(-signal * score))).astype(float)
    frame = pl.DataFrame({f"n{i}": noise[:, i] for i in range(COLUMNS)}).with_columns(
        rising=rising,
        bent=bent,
        absent=pl.Series(np.where(absent, np.nan, 0.5)).fill_nan(None),
        constant=pl.lit(1.0),
        kind=pl.Series(kind),
        many=pl.Series([f"k{i}" for i in rng.integers(0, 400, ROWS)]),
    )
    return frame, label


def test_what_tells_stays_whatever_its_form_and_noise_goes() -> None:
    """Skewed, U-shaped, only by its absence, as a category; a constant never takes a place from any of them."""
    frame, label = wide(1.0)
    rows = frame.with_columns(pl.Series(LABEL, label))
    numeric = [name for name in frame.columns if name not in ("kind", "many")]
    numbers, categories = screen.most_telling(rows, numeric, ["kind", "many"])

    assert {"rising", "bent", "absent"} <= set(numbers)
    assert "kind" in categories
    assert "constant" not in numbers
    assert len(numbers) + len(categories) == screen.MOST_FEATURES
    assert numbers == [name for name in numeric if name in set(numbers)]
    assert set(encode.fit(rows, numeric, ["kind", "many"]).features) == {*numbers, *categories}


def test_a_column_that_tells_everything_is_not_lost_to_its_own_certainty() -> None:
    """Nor one whose values all differ."""
    frame, label = wide(1.0)
    rows = frame.with_columns(pl.Series(LABEL, label), (pl.Series(label) * 2 - 7).alias("leak"))
    strength = screen.numbers(rows.select("leak", "rising", "n0", "constant"), label)

    assert np.argsort(-strength).tolist() == [0, 1, 2, 3]


def test_up_to_a_limit_nothing_is_left_out() -> None:
    """So that an ordinary table learns what it learned before there was a limit."""
    frame, label = wide(1.0)
    names = [f"n{i}" for i in range(screen.MOST_FEATURES - 1)]
    rows = frame.with_columns(pl.Series(LABEL, label))

    assert screen.most_telling(rows, names, ["kind"]) == (names, ["kind"])


def test_a_wide_table_gets_its_verdict_and_a_wide_table_of_noise_its_refusal() -> None:
    """Choosing among hundreds of columns of noise is done on rows that do not judge, so it cannot pass as skill."""
    for signal in (1.0, 0.0):
        frame, label = wide(signal)
        start = datetime(2025, 1, 1)
        table = frame.with_columns(
            at=pl.Series([start + timedelta(hours=7 * i) for i in range(ROWS)]),
            y=pl.Series(label == 1),
        )
        learned = learn(table, label="y", time="at", as_of=AS_OF)

        assert learned.is_promoted == (signal > 0), learned.verdict
        assert any("took part" in note for note in learned.notes)
        assert learned.predict(table)["value"].is_between(0, 1).all()
