"""A score whose distribution broke is not sent: from the prediction's run over its watch to the vendor, and back."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from activations.run import SyncResult
from activations.syncs import load_syncs
from ml import pipeline, watch
from ml.result import Outcome
from tests.activations.conftest import Desk
from tests.ml.synthetic import AS_OF, deals
from tests.ml.test_pipeline import put
from warehouse.manifest import load_manifest
from warehouse.settings import load

WIN = "win_probability"


@pytest.fixture
def desk(hubspot: Desk) -> Desk:
    """A sync that sends win probabilities, and a warehouse with deals to predict."""
    hubspot.change(predictions=(WIN,))
    return hubspot


def night(desk: Desk, number: int, *, broken: bool = False) -> Outcome:
    """One night's scoring; a broken feed gives every open deal the same absurd figures."""
    table = deals(900)
    if broken:
        known = [c for c in table.columns if table.schema[c].is_numeric() and c != "amount_cents"]
        absurd = (
            pl.when(pl.col("is_current")).then(pl.lit(1e6)).otherwise(pl.col(c)).alias(c)
            for c in known
        )
        table = table.with_columns(absurd)
    put(desk.settings, intermediate__int_deals__snapshots=table)
    return pipeline.run(desk.settings, WIN, AS_OF + timedelta(days=number))


def send(desk: Desk, amount: float) -> SyncResult:
    """Run the sync with rows that changed."""
    desk.fill([{**row, "amount": amount} for row in desk.rows(5)])
    return desk.later()


def test_a_broken_distribution_holds_the_sync_until_it_is_restored(desk: Desk) -> None:
    """Night one goes out; night two breaks, and nothing leaves, with a message that says why; night three goes out."""
    first = night(desk, 0)
    assert first.is_promoted, first.verdict
    assert send(desk, 1.0).counts["delivered"] == 5

    before = dict(desk.vendor.state())
    second = night(desk, 1, broken=True)
    held = send(desk, 2.0)
    assert [w.monitor for w in second.monitors if w.is_held] == ["distribution"]
    assert held.is_blocked
    assert held.reason is not None and held.reason.startswith(
        "the scores it sends have broken (win_probability: "
    )
    assert "millrace model accept win_probability" in held.reason
    assert desk.vendor.state() == before

    third = night(desk, 2)
    assert not [w for w in third.monitors if w.is_held]
    assert send(desk, 3.0).counts["delivered"] == 5


def test_a_person_can_accept_what_the_scores_say_now(desk: Desk) -> None:
    """Accepted scores go out, and the next night is compared with them."""
    night(desk, 0)
    night(desk, 1, broken=True)
    assert send(desk, 2.0).is_blocked

    assert watch.accept(desk.settings, WIN, "ann") is not None
    assert send(desk, 2.0).counts["delivered"] == 5
    assert watch.accept(desk.settings, WIN, "ann") is None
    assert not [w for w in night(desk, 2, broken=True).monitors if w.is_held]


def test_a_sync_that_reads_no_broken_score_goes(desk: Desk) -> None:
    """Only who sends the score waits."""
    night(desk, 0)
    night(desk, 1, broken=True)
    desk.change(predictions=())

    assert send(desk, 2.0).counts["delivered"] == 5


def test_the_manifest_knows_which_syncs_read_which_predictions() -> None:
    """By lineage, not by a list: the deal sync sends win probabilities, the text messages go at best hours."""
    found = {sync.name: sync.predictions for sync in load_syncs(load_manifest(load({})))}

    assert found["sync_hubspot_deal"] == (WIN,)
    assert found["sync_twilio_message"] == ("send_hour",)
