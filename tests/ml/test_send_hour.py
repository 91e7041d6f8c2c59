"""Send hours on planted attention: personal hours where they help, never worse than everyone's, fast."""

from __future__ import annotations

import json
import time

import numpy as np
import polars as pl
import pytest

from ml import hours as curves
from ml.models.send_hour import MODEL
from ml.result import Trained
from tests.ml.synthetic import AS_OF, hours

Table = tuple[pl.DataFrame, pl.DataFrame, np.ndarray]


def run(table: Table) -> tuple[Trained, pl.DataFrame]:
    """Train and score."""
    frames = {"contacts": table[0], "hours": table[1]}
    trained = MODEL.train(frames, AS_OF)
    return trained, MODEL.score(trained.files, frames, AS_OF)


def value(found: pl.DataFrame, chance: np.ndarray) -> float:
    """The mean planted chance of an answer at the chosen hours (contacts are named in order)."""
    chosen = found.sort("entity_id")["value"].cast(pl.Int64).to_numpy()
    return float(chance[np.arange(len(chosen)), chosen].mean())


@pytest.fixture(scope="module")
def personal() -> Table:
    """Contacts with peaks of their own."""
    return hours()


def test_personal_hours_get_more_answers_than_everyones_best_hour(personal: Table) -> None:
    """Planted truth: the served hours beat the best single hour by a tenth at least."""
    trained, found = run(personal)
    chance = personal[2]
    best_single = chance[:, 6:23].mean(axis=0).max()

    assert trained.is_promoted, trained.verdict
    assert value(found, chance) > 1.1 * best_single


def test_the_mode_of_past_answers_is_the_loser() -> None:
    """The hour of most past answers repeats our schedule: far worse than everyone's best hour, while ours is better."""
    table = hours(explore=0.1)
    past = table[1].filter(pl.col("kind") == "responded")
    mode = (
        past.sort("event_count", "local_hour", descending=[True, False])
        .unique("contact_id", keep="first", maintain_order=True)
        .join(table[0].select("contact_id"), on="contact_id", how="right")
        .select(entity_id="contact_id", value=pl.col("local_hour").fill_null(9))
    )
    best_single = table[2][:, 6:23].mean(axis=0).max()

    assert value(mode, table[2]) < 0.85 * best_single
    assert value(run(table)[1], table[2]) > best_single


def test_without_personal_peaks_nobody_gets_a_personal_hour() -> None:
    """The gate refuses, everybody gets the shared best hour or one next to it, and the verdict says so."""
    table = hours(own=0.0)
    trained, found = run(table)

    assert not trained.is_promoted
    assert trained.verdict.startswith("fallback: not enough signal (log loss ")
    assert found["is_fallback"].all()
    assert found["fallback_reason"].is_not_null().all()
    assert found["value"].is_between(16, 20).all()


def test_shuffling_contacts_profiles_removes_the_gain() -> None:
    """Negative control: somebody else's activity tells nothing."""
    contacts, table, chance = hours(own=0.0, seed=6)
    other = hours(own=1.0, seed=7)[1].filter(pl.col("kind") == "organic")
    mixed = pl.concat([table.filter(pl.col("kind") != "organic"), other])

    assert not run((contacts, mixed, chance))[0].is_promoted


def test_the_curve_is_not_fooled_by_who_gets_messages_when() -> None:
    """Eager contacts messaged in the morning do not make the morning a good hour."""
    rng = np.random.default_rng(1)
    eager = np.arange(800) < 400
    sent = np.where(eager[:, None], 20 * (np.arange(24) == 9), 20 * (np.arange(24) == 15))
    sent = sent + rng.multinomial(10, np.full(24, 1 / 24), size=800)
    answered = rng.binomial(sent, np.where(eager, 0.5, 0.05)[:, None])
    zero = np.zeros((800, 24), dtype=np.float32)
    counts = curves.Counts(
        pl.Series([f"c{i}" for i in range(800)]),
        ("x",),
        np.zeros(800, dtype=np.int64),
        sent.astype(np.float32),
        answered.astype(np.float32),
        zero,
    )
    found = curves.curve(counts, np.ones(24), 25.0)

    assert found[9] == pytest.approx(found[15], rel=0.15)


def test_every_contact_gets_an_hour_by_day_with_its_level_counts_and_gain(personal: Table) -> None:
    """One row each, hours between 6 and 22, reasons that say level, counts and expected gain."""
    _, found = run(personal)

    assert found["entity_id"].sort().to_list() == personal[0]["contact_id"].sort().to_list()
    assert found["value"].is_between(6, 22).all()
    own = found.filter(~pl.col("is_fallback")).row(0, named=True)
    level, seen, gain = json.loads(own["reasons"])
    assert level == "level: contact"
    assert "messages answered" in seen
    assert "more answers expected" in gain
    assert own["fallback_reason"] is None


@pytest.mark.parametrize("keep", [0, 40])
def test_with_too_few_answers_everybody_gets_a_common_hour(keep: int) -> None:
    """No activity at all, or nearly none: the default hour, and how much is missing."""
    contacts, table, chance = hours(count=keep or 10)
    trained, found = run((contacts, table if keep else table.clear(), chance))

    assert not trained.is_promoted
    assert trained.verdict.startswith("not enough data: ")
    assert trained.verdict.endswith(" of 200 answered messages")
    assert found["value"].n_unique() == 1
    assert found["is_fallback"].all()


def test_new_contacts_and_new_countries_are_served_by_a_trained_model(personal: Table) -> None:
    """Scoring a later table with an earlier model: who is new gets everyone's hour."""
    trained, _ = run(personal)
    new = pl.DataFrame(
        {"contact_id": ["N1", "N2"], "country": ["XX", None], "timezone": [None, None]}
    )
    people = pl.concat([personal[0], new], how="vertical_relaxed")
    found = MODEL.score(trained.files, {"contacts": people, "hours": personal[1]}, AS_OF)

    assert found.filter(pl.col("entity_id").is_in(["N1", "N2"]))["is_fallback"].all()
    assert found.height == people.height


def test_the_same_counts_give_the_same_bytes_in_any_order(personal: Table) -> None:
    """Rows may come in any order."""
    contacts, table, chance = personal
    shuffled = (
        contacts.sample(fraction=1.0, shuffle=True, seed=1),
        table.sample(fraction=1.0, shuffle=True, seed=2),
        chance,
    )
    frames = [{"contacts": one[0], "hours": one[1]} for one in (personal, shuffled)]

    assert MODEL.digest(frames[0], AS_OF) == MODEL.digest(frames[1], AS_OF)
    assert run(personal)[0].files == run(shuffled)[0].files


def test_a_hundred_thousand_contacts_are_scored_in_seconds(personal: Table) -> None:
    """The work is one matrix per hundred thousand contacts, not a loop over them."""
    trained, _ = run(personal)
    many = [
        personal[0].with_columns(pl.format("{}-{}", "contact_id", pl.lit(i))) for i in range(66)
    ]
    start = time.perf_counter()
    found = MODEL.score(trained.files, {"contacts": pl.concat(many), "hours": personal[1]}, AS_OF)

    assert found.height == 66 * 1500
    assert time.perf_counter() - start < 8


def test_every_contact_has_a_curve_and_the_served_hour_is_its_best(personal: Table) -> None:
    """What is chosen among under capacity agrees with what is told; one row is everyone's."""
    frames = {"contacts": personal[0], "hours": personal[1]}
    trained, found = run(personal)
    rows = MODEL.tables(trained.files, frames, AS_OF)["send_curves"]
    own = rows.filter(pl.col("contact_id") != "").sort("contact_id")
    values = own["hour_values"].to_numpy()[:, 6:23]

    assert rows.filter(pl.col("contact_id") == "").height == 1
    assert own["contact_id"].to_list() == found["entity_id"].to_list()
    assert (values.argmax(axis=1) + 6 == found["value"].to_numpy()).all()
    assert np.isfinite(values).all()


@pytest.mark.parametrize("own", [0.0, 1.0])
def test_weekdays_are_told_where_they_differ_and_only_there(own: float) -> None:
    """Mornings that are better at weekends are found; alike weekdays, or shuffled ones, leave every hour as it was."""
    for weekend, speaks in ((3.0, True), (1.0, False)):
        contacts, table, _ = hours(own=own, weekend=weekend)
        frames = {"contacts": contacts, "hours": table}
        trained = MODEL.train(frames, AS_OF)
        days = MODEL.tables(trained.files, frames, AS_OF)["send_weekdays"]

        assert days.height == (7 if speaks else 0), trained.params["weekday"]
        if speaks:
            factors = days.sort("local_weekday")["hour_factors"].to_list()
            assert min(factors[day][9] for day in (5, 6)) > 1.5 * max(f[9] for f in factors[:5])
        other = table.with_columns(pl.col("local_weekday") % 7 + 1)
        assert MODEL.digest(frames | {"hours": other}, AS_OF) != MODEL.digest(frames, AS_OF)


def test_activity_dealt_out_to_other_contacts_serves_nobody_an_own_hour() -> None:
    """Negative control: with shuffled profiles and answers there is nothing to gain, and nothing is claimed."""
    contacts, table, _ = hours()
    names = contacts["contact_id"].to_list()
    dealt = dict(zip(names, np.random.default_rng(4).permutation(names), strict=True))
    organic = pl.col("kind") == "organic"
    mixed = table.with_columns(
        contact_id=pl.when(organic)
        .then(pl.col("contact_id").replace(dealt))
        .otherwise("contact_id")
    )
    right = MODEL.train({"contacts": contacts, "hours": table}, AS_OF)
    wrong = MODEL.train({"contacts": contacts, "hours": mixed}, AS_OF)
    weight = {m.metric: m.value for m in wrong.metrics if m.candidate == "gate"}["weight_organic"]
    rightly = {m.metric: m.value for m in right.metrics if m.candidate == "gate"}["weight_organic"]

    assert weight < 0.1 * rightly
