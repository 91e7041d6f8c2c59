"""Runs against a real warehouse file: what is written, what is skipped, and when a model is trained anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from ml import pipeline, registry
from ml.errors import ModelError
from tests.ml.synthetic import AS_OF, deals, hours
from warehouse.clock import naive
from warehouse.connection import connect
from warehouse.settings import Settings

WIN = "win_probability"
TABLES = ("predictions", "model_metrics", "model_registry", "calibration_bins")


def put(settings: Settings, **tables: pl.DataFrame) -> None:
    """Create `schema__table` relations from frames."""
    with connect(settings) as con:
        for name, frame in tables.items():
            schema, table = name.split("__", 1)
            con.execute(f"create schema if not exists {schema}")
            con.register("fresh", frame.to_arrow())
            con.execute(f"create or replace table {schema}.{table} as select * from fresh")
            con.unregister("fresh")


def everything(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the ml tables, sorted."""
    with connect(settings) as con:
        return {
            table: sorted(con.execute(f"select * from ml.{table}").fetchall(), key=repr)
            for table in TABLES
        }


@pytest.fixture
def shop(settings: Settings) -> Settings:
    """A warehouse with deals."""
    put(settings, intermediate__int_deals__snapshots=deals(450))
    return settings


def test_a_run_writes_every_table_and_reports(shop: Settings) -> None:
    """Predictions of the open deals, metrics of every candidate, one registry row, calibration bins."""
    outcome = pipeline.run(shop, WIN, AS_OF)
    written = everything(shop)

    assert outcome.is_promoted and outcome.retrained and not outcome.skipped
    assert outcome.rows == len(written["predictions"]) > 20
    assert len(written["model_registry"]) == 1
    assert len(written["calibration_bins"]) == 15
    assert {"log_loss", "auc", "skill"} <= outcome.metrics.keys()
    assert sorted(path.name for path in (shop.models / WIN / outcome.version).iterdir())[-1] in {
        "model.json",
        "xgboost.json",
    }


def test_the_same_run_again_does_no_work_and_a_forced_one_writes_the_same_rows(
    shop: Settings,
) -> None:
    """Nothing changed: skipped. Forced: no duplicates, the same bytes."""
    first = pipeline.run(shop, WIN, AS_OF)
    before = everything(shop)
    again = pipeline.run(shop, WIN, AS_OF)
    forced = pipeline.run(shop, WIN, AS_OF, force=True)

    assert again.skipped and again.version == first.version == forced.version
    assert again.metrics == first.metrics == forced.metrics
    assert everything(shop) == before


def test_a_new_open_deal_is_scored_by_the_version_that_is_there(shop: Settings) -> None:
    """Rows to score changed, rows to learn from did not: no training."""
    first = pipeline.run(shop, WIN, AS_OF)
    table = deals(450)
    new = table.filter("is_current").head(1).with_columns(deal_id=pl.lit("D-new"))
    put(shop, intermediate__int_deals__snapshots=pl.concat([table, new]))
    second = pipeline.run(shop, WIN, AS_OF)

    assert (second.version, second.retrained, second.skipped) == (first.version, False, False)
    assert second.rows == first.rows + 1


def test_a_promoted_version_scores_for_a_week_and_is_then_trained_anew(shop: Settings) -> None:
    """The night after, new closed deals wait; a week later they train."""
    start = AS_OF - timedelta(days=20)
    moments = [start, start + timedelta(days=1), start + timedelta(days=8)]
    found = [pipeline.run(shop, WIN, moment) for moment in moments]

    assert [outcome.retrained for outcome in found] == [True, False, True]
    assert found[1].version == found[0].version != found[2].version


def test_other_deals_at_the_same_moment_train_anew(shop: Settings) -> None:
    """Late data is not ignored because the clock stood still."""
    first = pipeline.run(shop, WIN, AS_OF)
    put(shop, intermediate__int_deals__snapshots=deals(450, seed=8))
    second = pipeline.run(shop, WIN, AS_OF)

    third = pipeline.run(shop, WIN, AS_OF)

    assert second.retrained and second.version != first.version
    assert third.skipped and third.version == second.version
    assert len(everything(shop)["model_registry"]) == 1


def test_predictions_keep_only_the_newest_of_each_entity(shop: Settings) -> None:
    """A later run replaces; a backfill of an earlier moment does not overwrite."""
    pipeline.run(shop, WIN, AS_OF)
    newest = everything(shop)["predictions"]
    pipeline.run(shop, WIN, AS_OF - timedelta(days=30))

    assert everything(shop)["predictions"] == newest
    later = AS_OF + timedelta(days=1)
    pipeline.run(shop, WIN, later)
    rows = everything(shop)["predictions"]
    assert len(rows) == len(newest)
    assert {row[3] for row in rows} == {naive(later)}


def test_lost_files_are_trained_again(shop: Settings) -> None:
    """A version whose folder is gone is not trusted, and comes back the same."""
    first = pipeline.run(shop, WIN, AS_OF)
    folder = shop.models / WIN / first.version
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    again = pipeline.run(shop, WIN, AS_OF)

    assert again.retrained and again.version == first.version
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files


def test_a_failed_write_leaves_nothing_behind(
    shop: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One transaction: killed in the middle, the tables are as before, and the next run completes."""
    pipeline.run(shop, WIN, AS_OF - timedelta(days=10))
    before = everything(shop)

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(registry, "_replace_predictions", fail)
        with pytest.raises(KeyboardInterrupt):
            pipeline.run(shop, WIN, AS_OF)

    assert everything(shop) == before
    assert pipeline.run(shop, WIN, AS_OF).rows > 0


def test_an_empty_warehouse_file_is_served_in_words(settings: Settings) -> None:
    """Tables without rows: no predictions, a verdict, and it is on record."""
    put(settings, intermediate__int_deals__snapshots=deals(20).clear())
    outcome = pipeline.run(settings, WIN, AS_OF)

    assert outcome.verdict == "not enough data: 0 of 100 won deals"
    assert outcome.fallback_reason == outcome.verdict
    assert pipeline.run(settings, WIN, AS_OF).skipped


def test_a_missing_column_is_named(settings: Settings) -> None:
    """The error says which relation lacks which column."""
    put(settings, intermediate__int_deals__snapshots=deals(20).drop("stage"))

    with pytest.raises(ModelError, match="int_deals__snapshots has no column stage"):
        pipeline.run(settings, WIN, AS_OF)


def test_send_hours_are_written_for_every_contact(settings: Settings) -> None:
    """The second model through the same door."""
    contacts, table, _ = hours()
    put(settings, intermediate__int_contacts__hours=table, marts__dim_contacts=contacts)
    outcome = pipeline.run(settings, "send_hour", AS_OF)

    assert outcome.rows == contacts.height == len(everything(settings)["predictions"])
    assert pipeline.run(settings, "send_hour", AS_OF).skipped


def test_an_unknown_model_is_an_error_that_lists_the_known() -> None:
    """A typing mistake is told at once."""
    with pytest.raises(ModelError, match=r"lead_conversion, .*send_hour, .*win_probability"):
        registry.model("win")


def test_the_version_stands_for_spec_and_data() -> None:
    """Another feature or other rows: another version."""
    spec = registry.spec(WIN)

    numbers = {
        registry.version(spec, "a"),
        registry.version(spec, "b"),
        registry.version(replace(spec, numeric=spec.numeric[:-1]), "a"),
    }

    assert len(numbers) == 3
