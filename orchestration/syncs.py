"""Syncs in Dagster: one asset per sync model, which plans, delivers and settles."""

from typing import Any

import dagster as dg

from activations import run, summary
from activations.run import SyncResult
from activations.syncs import Sync, load_syncs
from orchestration.resources import Installation
from warehouse import clock
from warehouse.manifest import Manifest

GROUP = "activations"


def sync_assets(manifest: Manifest) -> list[dg.AssetsDefinition]:
    """One asset per sync, keyed `<destination>/<object>`."""
    return [_sync_asset(sync, manifest) for sync in load_syncs(manifest)]


def _sync_asset(sync: Sync, manifest: Manifest) -> dg.AssetsDefinition:
    model = manifest.models[sync.name]

    @dg.asset(
        key=[sync.destination, sync.object],
        group_name=GROUP,
        kinds={sync.destination},
        owners=[f"team:{sync.owner}"],
        deps=[dg.AssetKey([model.schema, model.name])],
        description=f"`{sync.name}` kept equal in {sync.destination} (mode {sync.mode}).",
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
        return dg.MaterializeResult(metadata=metadata(result))

    return push


def metadata(result: SyncResult) -> dict[str, Any]:
    """What a run shows in Dagster: one line, the plan as a table, and every count."""
    shown: dict[str, Any] = {"summary": result.summary, **result.counts}
    if result.plan is not None:
        shown["plan"] = dg.MetadataValue.md(summary.markdown(result.plan))
    return shown
