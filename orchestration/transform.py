"""dbt in Dagster: every model an asset, and only those built whose inputs changed since the last build."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
from dagster_dbt import dbt_assets

from orchestration.resources import Installation
from orchestration.translator import Translator
from warehouse.builds import in_order
from warehouse.connection import connect
from warehouse.due import build_due
from warehouse.manifest import Manifest
from warehouse.settings import Settings
from warehouse.transform import NodeResult

Events = Iterator[dg.MaterializeResult | dg.AssetCheckResult]


def dbt_models(manifest_path: Path) -> dg.AssetsDefinition:
    """All models as one asset definition; Dagster cuts it where predictions come in between."""

    @dbt_assets(
        manifest=manifest_path,
        dagster_dbt_translator=Translator(),
        name="dbt_models",
        exclude="resource_type:seed",
    )
    def models(context: dg.AssetExecutionContext, installation: Installation) -> Events:
        settings, manifest = installation.settings(), installation.manifest()
        selected = {key.path[-1]: key for key in context.selected_asset_keys}
        names = [name for name in manifest.models if name in selected]

        def report(count: int) -> None:
            context.log.info("%d of %d models are out of date", count, len(names))

        built = build_due(settings, manifest, names, report)
        results, todo = list(built.results), list(built.names)
        if built.outgrown:
            context.log.info("built in full, their logic changed: %s", ", ".join(built.outgrown))
        if built.starved:
            context.log.warning(
                "built again one by one, for there was not enough memory for two: %s",
                ", ".join(built.starved),
            )
        counts = _row_counts(settings, manifest, results)
        yield from _materializations(manifest, results, counts, selected, set(names) - set(todo))
        yield from _checks(results, context.selected_asset_check_keys, selected, todo)
        if built.failed:
            raise dg.Failure(_explain(built.failed))

    return models


def _materializations(
    manifest: Manifest,
    results: list[NodeResult],
    counts: dict[str, int],
    selected: dict[str, dg.AssetKey],
    unchanged: set[str],
) -> Iterator[dg.MaterializeResult]:
    """Each model that was built or needed no build, inputs before what reads them."""
    built = {result.name: result for result in results if result.kind == "model" and result.passed}
    for name in in_order(manifest):
        if name in unchanged:
            yield dg.MaterializeResult(asset_key=selected[name], metadata={"unchanged": True})
        elif name in built and name in selected:
            metadata: dict[str, float] = {"seconds": round(built[name].seconds, 3)}
            if name in counts:
                metadata["dagster/row_count"] = counts[name]
            yield dg.MaterializeResult(asset_key=selected[name], metadata=metadata)


def _row_counts(
    settings: Settings, manifest: Manifest, results: list[NodeResult]
) -> dict[str, int]:
    """Rows of each table that was just built; views are not counted, for that would run them."""
    built = [manifest.models[r.name] for r in results if r.kind == "model" and r.passed]
    with connect(settings) as con:
        return {
            model.name: int(con.execute(f"select count(*) from {model.relation}").fetchall()[0][0])
            for model in built
            if model.materialized in ("table", "incremental")
        }


def _checks(
    results: list[NodeResult],
    wanted: set[dg.AssetCheckKey],
    selected: dict[str, dg.AssetKey],
    todo: list[str],
) -> Iterator[dg.AssetCheckResult]:
    """Each test that ran; tests of models that needed no build passed on the very same rows."""
    ran = {result.name: result for result in results if result.status != "skipped"}
    rebuilt = {selected[name] for name in todo}
    for check in wanted:
        result = ran.get(check.name)
        if result is None and check.asset_key in rebuilt:
            continue
        soft = result is not None and (result.severity == "WARN" or result.status == "warn")
        yield dg.AssetCheckResult(
            asset_key=check.asset_key,
            check_name=check.name,
            passed=result is None or result.status in ("pass", "success"),
            severity=dg.AssetCheckSeverity.WARN if soft else dg.AssetCheckSeverity.ERROR,
            metadata={"unchanged": True}
            if result is None
            else {"failing_rows": result.failures or 0, "message": result.message},
        )


def _explain(failed: list[NodeResult]) -> str:
    lines = [f"{result.kind} {result.name}: {result.message.strip()}" for result in failed[:20]]
    return f"{len(failed)} dbt nodes failed\n" + "\n".join(lines)
