"""The jobs and their schedules: decisions as data arrives, all data hourly, scores nightly, deliveries all the time."""

from __future__ import annotations

import functools

import dagster as dg

from orchestration import publication
from warehouse.manifest import DECIDING

MAIN, DECIDE, REFRESH = "main", "decide", "refresh"
SCORE, ACTIVATE, JOURNEYS = "score", "activate", "journeys"
OUTLOOK = "outlook"
# A look over weeks on a copy takes minutes: it has a job of its own.
LOOKING = dg.AssetSelection.groups("journey_outlook")
EVERYTHING = dg.AssetSelection.all() - LOOKING
DELIVERIES = dg.AssetSelection.groups("activations")
SCORING = dg.AssetSelection.groups("ml")
TICKING = dg.AssetSelection.groups("journeys")


@functools.cache  # a sensor that names a job must name the same one, or Dagster finds two
def jobs() -> list[dg.UnresolvedAssetJobDefinition]:
    """The jobs; `main` is all of them but `outlook` in one run, and `refresh` holds `decide`."""
    return [
        dg.define_asset_job(MAIN, EVERYTHING, description="Everything, from landing to delivery."),
        dg.define_asset_job(
            DECIDE,
            (dg.AssetSelection.groups(*DECIDING).upstream() - DELIVERIES - SCORING)
            | dg.AssetSelection.assets(publication.KEY),
            description="Load new files, build segments, scores and what syncs want, publish; no reports.",
        ),
        dg.define_asset_job(
            REFRESH,
            EVERYTHING - DELIVERIES - SCORING - TICKING,
            description="Load new files, build the models that they touch, publish.",
        ),
        dg.define_asset_job(
            SCORE,
            SCORING | (SCORING.downstream() - DELIVERIES - TICKING),
            description="Train or score the prediction models, build what reads them, publish.",
        ),
        dg.define_asset_job(
            JOURNEYS, TICKING, description="Advance everybody in every journey to now."
        ),
        dg.define_asset_job(
            OUTLOOK,
            LOOKING,
            description="Look 7 days ahead and 30 days back with journeys, on a copy.",
        ),
        dg.define_asset_job(
            ACTIVATE, DELIVERIES, description="Plan, deliver and settle every sync."
        ),
    ]


def schedules() -> list[dg.ScheduleDefinition]:
    """Off until somebody turns them on in the UI: pushing to a vendor is a decision."""
    return [
        dg.ScheduleDefinition(name="hourly_refresh", job_name=REFRESH, cron_schedule="0 * * * *"),
        dg.ScheduleDefinition(name="nightly_scoring", job_name=SCORE, cron_schedule="30 2 * * *"),
        dg.ScheduleDefinition(
            name="journeys_every_5_minutes", job_name=JOURNEYS, cron_schedule="*/5 * * * *"
        ),
        dg.ScheduleDefinition(name="nightly_outlook", job_name=OUTLOOK, cron_schedule="0 4 * * *"),
        dg.ScheduleDefinition(
            name="activate_every_15_minutes", job_name=ACTIVATE, cron_schedule="*/15 * * * *"
        ),
    ]
