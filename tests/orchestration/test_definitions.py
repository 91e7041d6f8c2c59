"""The asset graph: it loads with no data and no credentials, everything has its place, and nothing is missing."""

from __future__ import annotations

import dagster as dg
import pytest

from orchestration.definitions import definitions
from warehouse.contract import contracts
from warehouse.manifest import load_manifest
from warehouse.settings import load


@pytest.fixture(scope="module")
def graph() -> dg.Definitions:
    """All definitions, as Dagster would load them."""
    return definitions()


@pytest.fixture(scope="module")
def specs(graph: dg.Definitions) -> dict[str, dg.AssetSpec]:
    """Every asset by its key."""
    return {spec.key.to_user_string(): spec for spec in graph.resolve_all_asset_specs()}


def test_definitions_load_without_data_and_credentials(graph: dg.Definitions) -> None:
    """What `dagster definitions validate` checks."""
    dg.Definitions.validate_loadable(graph)


def test_every_model_source_sync_and_prediction_is_an_asset(
    specs: dict[str, dg.AssetSpec],
) -> None:
    """Nothing declared is missing from the graph."""
    manifest = load_manifest(load({}))
    models = {
        f"{m.schema}/{m.name}" for m in manifest.models.values() if m.materialized != "ephemeral"
    }
    landed = {f"{c.schema}/{c.table}" for c in contracts(manifest).values()}
    rest = {
        "ml/win_probability",
        "ml/send_hour",
        "activecampaign/contact",
        "twilio/message",
        "hubspot/deal",
        "serving/millrace",
    }

    assert (models | landed | rest) - set(specs) == set()


STATE = (
    "nodes",
    "enrollments",
    "positions",
    "transitions",
    "assignments",
    "achievements",
    "winners",
)


def test_every_asset_of_ours_has_group_owner_and_kind(specs: dict[str, dg.AssetSpec]) -> None:
    """A growth user can tell what an asset is and whom to ask."""
    wrong = [
        key
        for key, spec in specs.items()
        if spec.group_name in (None, "default") or not spec.owners or not spec.kinds
    ]

    # Known from outside the graph only: deliveries write what came back after what reads it, dbt loads the seeds,
    # any load may find an erased address, and the tick is one asset, whatever tables it writes.
    known = {
        "raw_activations/receipts",
        "raw_activations/opt_outs",
        "raw_activations/withheld",
        "intermediate/tag_taxonomy",
        "intermediate/mailbox_operators",
        "intermediate/mailbox_providers",
        "intermediate/disposable_domains",
        "intermediate/role_addresses",
        "intermediate/esp_price_tiers",
        "raw_millrace/erased_addresses",
        "raw_activations/choices",
        "activations/outbox",
        *(f"journeys/{name}" for name in STATE),
    }
    assert set(wrong) <= known


def test_memberships_come_after_every_segment(specs: dict[str, dg.AssetSpec]) -> None:
    """Each segment records its members as it is built, so the history is complete only after the last."""
    deps = {dep.asset_key.to_user_string() for dep in specs["segments/segment_memberships"].deps}
    segments = {key for key in specs if key.startswith("segments/seg_")}

    assert len(segments) >= 7
    assert segments <= deps


def test_jobs_and_schedules_cover_the_day(graph: dg.Definitions) -> None:
    """Hourly data, nightly scores and outlook, deliveries each quarter, a tick each 5 minutes; none unasked."""
    schedules = {s.name: s for s in graph.schedules or []}

    assert {s.cron_schedule for s in schedules.values()} == {
        "0 * * * *",
        "30 2 * * *",
        "*/15 * * * *",
        "*/5 * * * *",
        "40 * * * *",
        "0 4 * * *",
    }
    assert {s.default_status for s in schedules.values()} == {dg.DefaultScheduleStatus.STOPPED}
    for job in (
        "main",
        "decide",
        "refresh",
        "score",
        "activate",
        "journeys",
        "outlook",
        "pull_activecampaign",
    ):
        assert graph.resolve_job_def(job).name == job


def test_refresh_delivers_nothing(graph: dg.Definitions) -> None:
    """Data and deliveries are separate decisions."""
    refresh = {node.name for node in graph.resolve_job_def("refresh").graph.nodes}

    assert not {"activecampaign__contact", "twilio__message", "hubspot__deal"} & refresh


def test_decide_builds_what_people_and_vendors_act_by(graph: dg.Definitions) -> None:
    """Segments, scores and syncs with all they read, and the copy for BI; no report, no delivery, no training."""
    keys = graph.resolve_job_def("decide").asset_layer.selected_asset_keys
    named = {tuple(key.path) for key in keys}
    every = {tuple(key.path) for key in graph.resolve_asset_graph().get_all_asset_keys()}
    wanted = {path for path in every if path[0] in ("scores", "segments", "syncs")}

    assert wanted <= named
    assert {("marts", "dim_contacts"), ("raw_segment", "events"), ("serving", "millrace")} <= named
    assert not {path for path in named if path[0] in ("reports", "ml", "activecampaign", "hubspot")}
