"""Everything Dagster knows, assembled from what `models/`, `ml/models/` and the connectors declare."""

from __future__ import annotations

import dagster as dg

from orchestration.actions import actions_asset
from orchestration.ingest import clock_asset, raw_assets
from orchestration.jobs import jobs, schedules
from orchestration.journey_diagrams import diagrams_asset
from orchestration.journey_lint import lint_asset
from orchestration.journey_outlook import ahead_asset, backtest_asset
from orchestration.journeys import tick_asset
from orchestration.messages import outbox_asset
from orchestration.predictions import model_assets, table_assets
from orchestration.publication import serving_asset
from orchestration.pulls import pull_jobs, pull_schedules
from orchestration.resources import Installation
from orchestration.sensors import landing_sensor, news_sensor
from orchestration.syncs import sync_assets
from orchestration.transform import dbt_models
from warehouse.contract import contracts
from warehouse.manifest import load_manifest
from warehouse.memory import look_seldom
from warehouse.settings import load


@dg.definitions
def definitions() -> dg.Definitions:
    """All assets, checks, jobs, schedules and sensors; needs no data and no credentials."""
    # Dagster starts the processes of its runs itself, and each comes by here.
    look_seldom()
    settings = load()
    manifest = load_manifest(settings)
    return dg.Definitions(
        assets=[
            clock_asset,
            *raw_assets(manifest, contracts(manifest)),
            dbt_models(settings.dbt_target / "manifest.json"),
            *model_assets(),
            *table_assets(manifest),
            tick_asset(manifest),
            diagrams_asset,
            ahead_asset,
            backtest_asset,
            lint_asset(settings, manifest),
            *sync_assets(manifest),
            outbox_asset(settings, manifest),
            actions_asset(settings),
            serving_asset(manifest),
        ],
        jobs=[*jobs(), *pull_jobs()],
        schedules=[*schedules(), *pull_schedules()],
        sensors=[landing_sensor, news_sensor()],
        resources={"installation": Installation()},
        # One process per run: the warehouse has one writer, and a process start costs seconds.
        executor=dg.in_process_executor,
    )
