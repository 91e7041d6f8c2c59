"""Content: equal shares until enough is known, the best single variant unless personal ones are proven, and why."""

from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from ml import content
from ml.contact_facts import history
from ml.errors import ModelError
from ml.models.content import MODEL
from ml.result import Trained
from tests.ml.synthetic import AS_OF, END, choices

Frames = dict[str, pl.DataFrame]


def frames(**more: float) -> Frames:
    people, log = choices(**more)
    return {"contacts": people, "choices": log}


def run(given: Frames) -> tuple[Trained, pl.DataFrame]:
    trained = MODEL.train(given, AS_OF)
    return trained, MODEL.tables(trained.files, given, AS_OF)["variant_choices"]


@pytest.fixture(scope="module")
def personal() -> tuple[Frames, Trained, pl.DataFrame]:
    given = frames()
    return given, *run(given)


def test_planted_tastes_are_personalised(personal: tuple[Frames, Trained, pl.DataFrame]) -> None:
    """The value of what is drawn, holdout and floor included, is near the oracle's and far above any single one."""
    given, trained, drawn = personal
    liked = {"DE": "a", "GB": "b", "US": "c"}
    best = given["contacts"]["country"].replace_strict(liked)
    own = drawn.filter(~pl.col("is_control")).join(
        given["contacts"].select("contact_id", best=best), on="contact_id"
    )

    assert trained.is_promoted, trained.verdict
    assert (own["variant"] == own["best"]).mean() > 0.8


def test_without_differences_between_contacts_the_best_single_variant_is_preferred() -> None:
    """No personal choice is claimed; c, which is better for all, gets most, and every variant its floor."""
    trained, drawn = run(frames(signal=0.0))
    own = drawn.filter(~pl.col("is_control"))
    chances = np.array([json.loads(text) for text in own["propensities"].unique()])

    assert not trained.is_promoted
    assert "no signal for own variants" in trained.verdict
    assert (own["variant"] == "c").mean() > 0.6
    assert chances.min() >= content.FLOOR - 1e-6


def test_contacts_dealt_other_contacts_clicks_are_not_personalised() -> None:
    """Negative control: the same clicks under shuffled contacts prove nothing, and nothing is claimed."""
    given = frames()
    names = given["contacts"]["contact_id"]
    weeks = [
        part.with_columns(contact_id=names.shuffle(seed=number))
        for number, part in enumerate(
            given["choices"].partition_by("decided_at", maintain_order=True)
        )
    ]
    trained, _ = run({**given, "choices": pl.concat(weeks)})

    assert not trained.is_promoted, trained.verdict


def test_shares_are_equal_until_every_variant_has_its_clicks() -> None:
    """And the verdict says how many are missing."""
    trained, drawn = run(frames(count=300))

    assert trained.verdict.startswith("letter: equal shares: ")
    assert set(drawn["propensity"].round(6)) == {0.333333}
    assert drawn["is_explore"].all()


def test_every_row_is_one_of_its_options_with_chances_that_sum_to_one(
    personal: tuple[Frames, Trained, pl.DataFrame],
) -> None:
    """The propensity on record is the drawn option's; draws agree with chances; a tenth gets equal shares for ever."""
    given, trained, drawn = personal
    chances = np.array([json.loads(text) for text in drawn["propensities"]])
    place = drawn["variant"].replace_strict(["a", "b", "c"], [0, 1, 2]).to_numpy()
    control = drawn["is_control"].to_numpy()
    later = MODEL.tables(trained.files, given, AS_OF + timedelta(days=3))["variant_choices"]

    assert np.allclose(chances.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(
        chances[np.arange(len(place)), place], drawn["propensity"].to_numpy(), atol=1e-6
    )
    assert np.allclose(np.bincount(place) / len(place), chances.mean(axis=0), atol=0.03)
    assert 0.07 < control.mean() < 0.13
    assert np.allclose(chances[control], 1 / 3, atol=1e-5)
    assert later["is_control"].to_list() == drawn["is_control"].to_list()
    assert (later["variant"] != drawn["variant"]).mean() > 0.02


def test_a_contacts_own_clicks_count_only_once_they_are_known() -> None:
    """A message of yesterday says nothing about today; one of last week does."""
    rows = pl.DataFrame(
        {
            "contact_id": ["x"] * 3,
            "chosen": ["a", "b", "a"],
            "is_opened": [False, True, True],
            "is_clicked": [True, False, True],
            "decided_at": [END - timedelta(days=d) for d in (10, 5, 4)],
        }
    )
    past = history(rows, ["a", "b"])

    assert past.sent.tolist() == [[0, 0], [1, 0], [1, 0]]
    assert past.opened.tolist() == [[0, 0], [1, 0], [1, 0]]
    assert past.clicked.tolist() == [[0, 0], [1, 0], [1, 0]]


def test_a_variant_that_was_added_later_starts_the_message_anew() -> None:
    """Only what was offered with the same variants is learned from."""
    given = frames(count=500)
    newest = given["choices"].tail(1).with_columns(
        options=pl.lit('["a", "b", "c", "d"]'), decided_at=pl.lit(END - timedelta(days=1))
    )  # fmt: skip
    trained, drawn = run({**given, "choices": pl.concat([given["choices"], newest])})

    assert "0 of 300 clicks" in trained.verdict
    assert drawn["options"].unique().to_list() == ['["a", "b", "c", "d"]']


def test_the_posterior_narrows_and_floors_hold() -> None:
    """Twice the evidence, a surer choice; no chance below the floor, however sure."""
    rng = np.random.default_rng(2)
    chosen = rng.integers(0, 2, 4000)
    reward = (rng.random(4000) < np.where(chosen == 1, 0.12, 0.1)).astype(float)
    nothing = np.zeros((4000, 0))
    few = content.fit(nothing[:500], chosen[:500], reward[:500], 2)
    many = content.fit(nothing, chosen, reward, 2)

    assert np.trace(many.factor @ many.factor.T) < np.trace(few.factor @ few.factor.T)
    assert content.floored(np.array([[1.0, 0.0]]))[0].tolist() == pytest.approx([0.95, 0.05])
    assert content.floored(np.array([[1.0, 0.0]]), floor=0.0).min() == pytest.approx(0.02)
    with pytest.raises(ModelError, match="at most 20"):
        content.fit(np.zeros((5, 21)), chosen[:5], reward[:5], 2)
