"""Syncs in Dagster: one asset per sync model, which plans, delivers and settles."""

from typing import Any

import dagster as dg

from activations import alarm, run, summary
from activations.alarm import Verdict
from activations.alerts import KINDS
from activations.run import SyncResult
from activations.syncs import Sync, load_syncs
from orchestration.resources import Installation
from warehouse import clock
from warehouse.manifest import Manifest

GROUP = "activations"
CHECKS = {
    "failed_share": "The share of rows that the destination refused, or left in doubt, is within the sync's limit.",
    "nothing_delivered": "Of the rows to send, some were handed over.",
    "blocked": "No guard holds the plan.",
    "count": "The number of rows is near the median of past runs.",
    "full_resync": "Not nearly all rows go out again.",
}


def sync_assets(manifest: Manifest) -> list[dg.AssetsDefinition]:
    """One asset per sync, keyed `<destination>/<object>`."""
    return [_sync_asset(sync, manifest) for sync in load_syncs(manifest)]


def _sync_asset(sync: Sync, manifest: Manifest) -> dg.AssetsDefinition:
    model = manifest.models[sync.name]
    key = dg.AssetKey([sync.destination, sync.object])

    @dg.asset(
        key=key,
        group_name=GROUP,
        kinds={sync.destination},
        owners=[f"team:{sync.owner}"],
        deps=[dg.AssetKey([model.schema, model.name])],
        description=f"`{sync.name}` kept equal in {sync.destination} (mode {sync.mode}).",
        check_specs=[
            dg.AssetCheckSpec(kind, asset=key, description=CHECKS[kind]) for kind in KINDS
        ],
    )
    def push(context: dg.AssetExecutionContext, installation: Installation) -> dg.MaterializeResult:  # type: ignore[type-arg]
        settings = installation.settings()
        result = run.run_sync(
            settings,
            installation.manifest(),
            sync,
            clock.as_of(settings),
            installation.environ(),
        )
        context.log.info("%s: %s", sync.name, result.summary)
        verdicts = alarm.look(settings, sync) if result.plan is not None else []
        for told in alarm.tell(settings, clock.as_of(settings), installation.environ()):
            context.log.info("%s: %s", told.sync, told.summary)
        return dg.MaterializeResult(metadata=metadata(result), check_results=checks(key, verdicts))

    return push


def checks(key: dg.AssetKey, verdicts: list[Verdict]) -> list[dg.AssetCheckResult]:
    """One result per kind of alert; a kind that the run tells nothing about has passed."""
    found = {verdict.finding.kind: verdict for verdict in verdicts}
    results = []
    for kind in KINDS:
        verdict = found.get(kind)
        words = verdict.finding.words if verdict else "nothing to judge by"
        results.append(
            dg.AssetCheckResult(
                asset_key=key,
                check_name=kind,
                passed=verdict is None or not verdict.finding.is_on,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"seen": words, "news": (verdict and verdict.news) or "none"},
            )
        )
    return results


def metadata(result: SyncResult) -> dict[str, Any]:
    """What a run shows in Dagster: one line, the plan as a table, and every count."""
    shown: dict[str, Any] = {"summary": result.summary, **result.counts}
    if result.plan is not None:
        shown["plan"] = dg.MetadataValue.md(summary.markdown(result.plan))
    return shown
