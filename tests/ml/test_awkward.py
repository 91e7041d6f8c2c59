"""The public function on tables as people have them: a verdict or a sentence on what to do, never a traceback."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ml.errors import ModelError
from ml.learned import Learned
from ml.learner import learn

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
SIZE = 400
Change = Callable[[pl.DataFrame], pl.DataFrame]


def table() -> pl.DataFrame:
    """Four hundred rows of which `x` tells `y` fairly well."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=SIZE)
    return pl.DataFrame(
        {
            "who": [f"e{number}" for number in range(SIZE)],
            "at": [datetime(2025, 1, 1) + timedelta(hours=20 * number) for number in range(SIZE)],
            "x": x,
            "y": rng.random(SIZE) < 1 / (1 + np.exp(-1.5 * x)),
        }
    )


def text(pattern: str) -> Change:
    return lambda t: t.with_columns(pl.col("at").dt.strftime(pattern))


def said(yes: str, no: str) -> Change:
    return lambda t: t.with_columns(y=pl.when("y").then(pl.lit(yes)).otherwise(pl.lit(no)))


SAME: dict[str, Change] = {
    "a time in text with Z": text("%Y-%m-%dT%H:%M:%SZ"),
    "a time with fraction and zone": text("%Y-%m-%d %H:%M:%S%.3f+02:00"),
    "a time by day, month and year": text("%d/%m/%Y %H:%M"),
    "a time by the name of its month": text("%d %b %Y %H:%M"),
    "a time by twelve hours": text("%m/%d/%Y %I:%M %p"),
    "a time with a zone": lambda t: t.with_columns(
        pl.col("at").dt.replace_time_zone("America/Lima")
    ),
    "words": said("yes", "no"),
    "words however they are spelt": lambda t: said("Yes ", "NO")(t).with_columns(
        y=pl.when(pl.int_range(SIZE) % 2 == 0).then(pl.col("y").str.to_lowercase()).otherwise("y")
    ),
    "a whole number": lambda t: t.with_columns(pl.col("y").cast(pl.Int8)),
    "a decimal label": lambda t: t.with_columns(pl.col("y").cast(pl.Int8).cast(pl.Decimal(9, 2))),
    "a decimal feature": lambda t: t.with_columns(pl.col("x").cast(pl.Decimal(18, 6))),
    "repeated rows": lambda t: pl.concat([t, t]),
    "lists, bytes and clocks beside": lambda t: t.with_columns(
        a=pl.concat_list("x", "x"), b=pl.struct("x"), c=pl.lit(b"abc"), d=pl.col("at").dt.time()
    ),
    "names that are patterns": lambda t: t.with_columns(
        pl.col("x").alias("*"), pl.col("x").alias("^x.*$"), pl.col("x").alias("millrace:label")
    ),
    "an odd name": lambda t: t.rename({"x": 'a "quoted" näme; {x} %s\n'}),
    "a length of time": lambda t: t.with_columns(
        x=pl.duration(microseconds=(pl.col("x") * 8.64e10).cast(pl.Int64))
    ),
}


@pytest.mark.parametrize("change", SAME.values(), ids=list(SAME))
def test_the_same_table_told_otherwise_teaches_the_same(change: Change) -> None:
    """Promoted like the plain one, and a model that was written down says what the fresh one says."""
    frame = change(table())
    learned = learn(frame, label="y", entity="who", time="at", as_of=AS_OF)
    told = learned.predict(frame)

    assert learned.is_promoted, learned.verdict
    assert told["value"].is_finite().all()
    assert Learned.load(learned.spec, learned.files()).predict(frame).equals(told)


NOTHING: dict[str, tuple[Change, str]] = {
    "no rows": (lambda t: t.head(0), "not enough data"),
    "one class": (lambda t: t.with_columns(y=pl.lit(True)), "not enough data"),
    "labels without a type": (lambda t: t.with_columns(y=pl.lit(None)), "not enough data"),
    "a column without a type": (lambda t: t.with_columns(x=pl.lit(None)), "nothing to learn from"),
    "no column at all": (lambda t: t.drop("x"), "nothing to learn from"),
    "no time in any row": (lambda t: t.with_columns(at=pl.lit(None)), "not enough data"),
    "all at one moment": (lambda t: t.with_columns(at=datetime(2025, 1, 1)), "not enough history"),
    "all in the future": (
        lambda t: t.with_columns(pl.col("at") + timedelta(days=3000)),
        "not enough data",
    ),
}


@pytest.mark.parametrize(("change", "verdict"), NOTHING.values(), ids=list(NOTHING))
def test_where_nothing_can_be_learned_the_verdict_says_why(change: Change, verdict: str) -> None:
    """And predictions are the fallback's, one per row."""
    frame = change(table())
    learned = learn(frame, label="y", entity="who", time="at", as_of=AS_OF)

    assert verdict in learned.verdict
    assert learned.predict(frame).height == frame.height


def test_numbers_near_the_end_of_what_numbers_are_do_no_harm() -> None:
    """Infinite, absent and enormous values, and those too small to be told from nought."""
    frame = table().with_columns(
        huge=pl.col("x") * 1e300, tiny=pl.col("x") * 1e-310, odd=pl.lit(float("inf"))
    )
    learned = learn(frame, label="y", entity="who", time="at", as_of=AS_OF)

    assert learned.is_promoted, learned.verdict
    assert learned.predict(frame)["value"].is_between(0, 1).all()


WRONG: dict[str, tuple[Change, str]] = {
    "a list as label": (lambda t: t.with_columns(y=pl.concat_list("y")), "says yes or no"),
    "three outcomes": (lambda t: t.with_columns(y=pl.int_range(SIZE) % 3), "two outcomes"),
    "a misspelt outcome": (
        lambda t: said("yes", "no")(t).with_columns(
            y=pl.when(pl.int_range(SIZE) == 7).then(pl.lit("yess")).otherwise("y")
        ),
        "'yess' in 1 rows. Mend what is misspelt",
    ),
    "a list as entity": (lambda t: t.with_columns(who=pl.concat_list("x")), "who is List"),
    "a clock as time": (
        lambda t: t.with_columns(pl.col("at").dt.time()),
        "no time that can be read",
    ),
    "a label called like a pattern": (lambda t: t.drop("y"), "has no column y"),
}


@pytest.mark.parametrize(("change", "words"), WRONG.values(), ids=list(WRONG))
def test_what_cannot_be_read_is_told_in_a_sentence(change: Change, words: str) -> None:
    """ModelError, with the column's name."""
    with pytest.raises(ModelError, match=words):
        learn(change(table()), label="y", entity="who", time="at", as_of=AS_OF)


def test_a_label_of_one_and_two_says_which_is_yes() -> None:
    """Nobody should have to guess."""
    frame = table().with_columns(pl.col("y").cast(pl.Int8) + 1)

    assert (
        "y: '1' counts as yes" in learn(frame, label="y", as_of=AS_OF, ignore=("who", "at")).notes
    )
    with pytest.raises(ModelError, match="rename it"):
        learn(frame.rename({"y": "^y$"}), label="^y$", as_of=AS_OF)


def test_what_is_no_frame_or_two_things_at_once_is_told() -> None:
    """A lazy frame, a dictionary; a label that is also the time."""
    for given in (table().lazy(), table().to_dict()):
        with pytest.raises(ModelError, match="give a polars DataFrame"):
            learn(given, label="y", as_of=AS_OF)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="y is the label and cannot be something else"):
        learn(table(), label="y", time="y", as_of=AS_OF)


def test_a_weight_that_is_none_is_counted_and_told() -> None:
    """Words or negative numbers as weights weigh once."""
    frame = table().with_columns(w=pl.when(pl.int_range(SIZE) < 3).then(-1.0).otherwise(2.0))
    notes = learn(frame, label="y", entity="who", time="at", weight="w", as_of=AS_OF).notes

    assert "3 rows without a positive weight count once" in notes


def test_the_word_for_yes_may_be_spelt_in_other_letters() -> None:
    """As a table's true is a person's True."""
    frame = said("Gone", "Here")(table())
    one, other = (
        learn(frame, label="y", entity="who", time="at", positive=word, as_of=AS_OF)
        for word in ("gone", "Gone")
    )

    assert one.files() == other.files()
