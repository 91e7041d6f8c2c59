"""A version that serves well is not pushed out by a retrain that learned nothing."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from ml import card, pipeline, registry
from ml.errors import ModelError
from tests.ml.synthetic import AS_OF, deals
from tests.ml.test_pipeline import WIN, put
from warehouse.connection import connect
from warehouse.settings import Settings

FIRST = AS_OF - timedelta(days=60)


def mixed_past(table: pl.DataFrame) -> pl.DataFrame:
    """The same deals, but those that closed before FIRST ended at random: nothing can be learned from them."""
    old = pl.col("closed_at") <= FIRST.replace(tzinfo=None)
    ends = table.filter(old).unique("deal_id", maintain_order=True).select("deal_id", "is_won")
    other = ends.with_columns(
        pl.col("is_won").sample(fraction=1.0, shuffle=True, seed=2).alias("other")
    )
    joined = table.join(other.select("deal_id", "other"), on="deal_id", how="left")
    return joined.with_columns(pl.coalesce("other", "is_won").alias("is_won")).drop("other")


def test_the_champion_goes_on_serving_while_it_still_tells_outcomes(settings: Settings) -> None:
    """The challenger learned from labels at random and is refused; the old version tells what came since, and stays."""
    put(settings, intermediate__int_deals__snapshots=deals(900))
    first = pipeline.run(settings, WIN, FIRST)
    put(settings, intermediate__int_deals__snapshots=mixed_past(deals(900)))
    second = pipeline.run(settings, WIN, AS_OF)
    with connect(settings) as con:
        trials = con.execute(
            "select version, is_promoted, json_extract_string(params, '$.role') from ml.model_registry order by as_of"
        ).fetchall()
        latest = registry.latest(con, WIN, AS_OF)

    assert first.is_promoted and second.is_promoted
    assert second.version == first.version
    assert [(promoted, role) for _, promoted, role in trials] == [
        (True, None),
        (False, "challenger"),
    ]
    assert latest is not None and latest["version"] == first.version


def test_a_champion_that_tells_nothing_any_more_makes_way_for_the_fallback(
    settings: Settings,
) -> None:
    """Where outcomes since its training are at random as well, nobody is left to trust but the rates."""
    put(settings, intermediate__int_deals__snapshots=deals(900))
    assert pipeline.run(settings, WIN, FIRST).is_promoted
    noise = deals(900, signal=0.0)
    put(settings, intermediate__int_deals__snapshots=noise)
    second = pipeline.run(settings, WIN, AS_OF)

    assert not second.is_promoted
    assert second.fallback_reason is not None


def test_a_card_shows_figures_watches_versions_and_pictures(settings: Settings) -> None:
    """Everything that the registry knows, on one page that stands on its own."""
    put(settings, intermediate__int_deals__snapshots=deals(900))
    outcome = pipeline.run(settings, WIN, AS_OF)
    page = card.write(settings, WIN, AS_OF)
    text = page.read_text(encoding="utf-8")
    pictures = sorted(path.stem for path in page.parent.glob("*.png"))

    assert outcome.version in text and outcome.verdict in text
    assert all(
        f"| {name} |" in text
        for name in ("distribution", "drift", "calibration", "served", "constant")
    )
    assert pictures == sorted(name for name in pictures if f"]({name}.png)" in text)
    assert {"reliability", "lift", "weeks", "months", "drift"} <= set(pictures)
    assert "| stage: proposal |" in text


def test_a_model_that_was_never_trained_has_no_card(settings: Settings) -> None:
    """And says what to do."""
    with pytest.raises(ModelError, match="never trained; run `millrace run score`"):
        card.write(settings, WIN, AS_OF)
