"""Cuts in time: no entity on both sides, nothing known later, only mature rows."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from ml import split
from ml.frames import ENTITY, KNOWN, LABEL, TIME

DAY = int(timedelta(days=1).total_seconds() * 1_000_000)


def landmarks(seed: int, entities: int = 300) -> pl.DataFrame:
    """Several rows per entity while it was open."""
    rng = np.random.default_rng(seed)
    start, life = rng.uniform(0, 300, entities), rng.gamma(2, 20, entities) + 3
    parts = []
    for i in range(entities):
        at = np.arange(start[i], start[i] + life[i], 7.0)
        parts.append(
            pl.DataFrame(
                {
                    ENTITY: [f"e{i}"] * len(at),
                    TIME: (at * DAY).astype(np.int64),
                    KNOWN: np.full(len(at), int((start[i] + life[i]) * DAY)),
                    LABEL: np.full(len(at), i % 2),
                }
            )
        )
    return pl.concat(parts).sort(TIME, ENTITY)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000))
def test_no_entity_and_no_later_knowledge_crosses_a_cut(seed: int) -> None:
    """In every fold: training was known by the origin, testing was not, and entities are on one side."""
    rows = landmarks(seed)
    plan = split.plan(rows)
    assert not isinstance(plan, str)
    assert len(plan.stages) >= 3
    for fold in plan.folds[: len(plan.today)]:
        train, test = rows[fold.train], rows[fold.test]

        assert train[KNOWN].max() <= fold.origin <= test[TIME].min()  # type: ignore[operator]
        assert test[KNOWN].min() > fold.origin  # type: ignore[operator]
        assert not set(train[ENTITY]) & set(test[ENTITY])


def test_validation_rows_were_known_before_the_test_began() -> None:
    """Choosing and calibrating looks at nothing that became known after the test's origin."""
    rows = landmarks(1)
    plan = split.plan(rows)
    assert not isinstance(plan, str)
    for stage in plan.stages:
        origin = plan.folds[stage.fold].origin
        assert stage.validation
        for part in stage.validation:
            seen = rows[plan.folds[part.fold].test[part.seen]]
            assert seen[KNOWN].max() <= origin  # type: ignore[operator]


def test_young_rows_do_not_train() -> None:
    """Only quick outcomes are known among young rows, so they wait for the 90th percentile."""
    rows = landmarks(2, 600)
    now = 320 * DAY
    kept = rows.filter(pl.Series(split.mature(rows, now)))
    past = rows.filter(pl.col(KNOWN) <= now)
    wait = (past[KNOWN] - past[TIME]).quantile(0.9)

    assert wait is not None
    assert 0 < kept.height < past.height
    assert kept[TIME].max() <= now - wait + 1  # type: ignore[operator]


def test_repeated_entities_stay_when_grouping_is_off() -> None:
    """Contacts who come back every month are on both sides where they would otherwise all be left out."""
    months = np.arange(12) * 30 * DAY
    people = [f"p{i}" for i in range(60)]
    rows = pl.DataFrame(
        {
            ENTITY: people * 12,
            TIME: np.repeat(months, 60),
            KNOWN: np.repeat(months + 10 * DAY, 60),
            LABEL: [i % 2 for i in range(60)] * 12,
        }
    )

    assert isinstance(split.plan(rows, grouped=True), str)
    assert isinstance(split.plan(rows, grouped=False), split.Plan)
    assert isinstance(split.plan(rows), split.Plan)


def test_without_a_time_whole_entities_are_held_out() -> None:
    """Five folds, no entity in two of them; choosing looks at the other four."""
    rows = landmarks(3).with_columns(pl.lit(0).alias(TIME), pl.lit(0).alias(KNOWN))
    plan = split.plan(rows, timed=False)
    assert not isinstance(plan, str)

    tests = [set(rows[fold.test][ENTITY]) for fold in plan.folds]
    assert len(tests) == len(plan.stages) == 5
    assert sum(map(len, tests)) == rows[ENTITY].n_unique()
    for stage in plan.stages:
        assert stage.fold not in {part.fold for part in stage.validation}


def test_a_history_too_short_for_a_cohort_between_chooses_inside_the_training_rows() -> None:
    """With two snapshots a label apart there is one origin, and what it chooses by lies before it."""
    people = [f"p{i}" for i in range(200)]
    rows = pl.DataFrame(
        {
            ENTITY: people * 2,
            TIME: np.repeat(np.array([0, 90]) * DAY, 200),
            KNOWN: np.repeat(np.array([90, 180]) * DAY, 200),
            LABEL: [i % 2 for i in range(200)] * 2,
        }
    )
    plan = split.plan(rows)
    assert not isinstance(plan, str)
    (stage,) = plan.stages

    assert plan.folds[stage.fold].origin == 90 * DAY
    for part in stage.validation:
        assert set(plan.folds[part.fold].test) <= set(plan.folds[stage.fold].train)
