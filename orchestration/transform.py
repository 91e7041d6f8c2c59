"""dbt in Dagster: every model an asset, and only those built whose inputs changed since the last build."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliInvocation, DbtCliResource, dbt_assets

from orchestration.resources import Installation
from orchestration.translator import Translator
from warehouse import clock
from warehouse.builds import fingerprints, record, stale
from warehouse.connection import connect, exclusive
from warehouse.internal import ensure
from warehouse.manifest import load_manifest
from warehouse.settings import Settings


def dbt_models(manifest_path: Path) -> dg.AssetsDefinition:
    """All models as one asset definition; Dagster cuts it where predictions come in between."""
    translator = Translator()

    @dbt_assets(manifest=manifest_path, dagster_dbt_translator=translator, name="dbt_models")
    def build(
        context: dg.AssetExecutionContext, dbt: DbtCliResource, installation: Installation
    ) -> Iterator[Any]:
        settings = installation.settings()
        manifest = installation.manifest()
        selected = {key.path[-1]: key for key in context.selected_asset_keys}
        names = [name for name in manifest.models if name in selected]
        with connect(settings) as con:
            ensure(con, installation.contracts())
            current = fingerprints(con, settings, manifest)
            todo = stale(con, manifest, current, names)
        context.log.info("%d of %d models are out of date", len(todo), len(names))
        emitted: set[dg.AssetKey] = set()
        if todo:
            for event in _invoke(dbt, settings, todo, manifest_path, translator, context):
                emitted |= _keys(event, context)
                yield event
        for name in names:
            if selected[name] not in emitted and name not in todo:
                yield dg.MaterializeResult(asset_key=selected[name], metadata={"unchanged": True})

    return build


def _invoke(
    dbt: DbtCliResource,
    settings: Settings,
    names: list[str],
    manifest_path: Path,
    translator: Translator,
    context: dg.AssetExecutionContext,
) -> Iterator[Any]:
    """Run `dbt build` on `names` with the warehouse held, pass its events on, record what was built."""
    raw_manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    os.environ["MILLRACE_WAREHOUSE"] = str(settings.database)
    with exclusive(settings):
        invocation = dbt.cli(
            ["build", "--select", *names],
            raise_on_error=False,
            manifest=manifest_path,
            dagster_dbt_translator=translator,
            target_path=settings.dbt_target,
        )
        for event in invocation.stream_raw_events():
            yield from event.to_default_asset_events(
                manifest=raw_manifest,
                dagster_dbt_translator=translator,
                context=context,
                target_path=settings.dbt_target,
            )
    _record(settings, invocation, names)
    if not invocation.is_successful():
        raise dg.Failure(f"dbt build failed: {invocation.get_error()}")


def _record(settings: Settings, invocation: DbtCliInvocation, names: list[str]) -> None:
    """Remember the models that were built and whose tests all passed."""
    results = json.loads((invocation.target_path / "run_results.json").read_text(encoding="utf-8"))
    passed: set[str] = set()
    failed: set[str] = set()
    manifest = load_manifest(settings, refresh=False)
    by_id = {model.unique_id: model.name for model in manifest.models.values()}
    for result in results["results"]:
        node = result["unique_id"]
        if result["status"] == "success" and node in by_id:
            passed.add(by_id[node])
        elif result["status"] in ("error", "fail"):
            failed.add(node)
    tested = _tested_models(invocation.target_path / "manifest.json", failed)
    with connect(settings) as con:
        current = fingerprints(con, settings, manifest)
        record(con, current, sorted((passed & set(names)) - tested), clock.now())


def _tested_models(manifest_path: Path, tests: set[str]) -> set[str]:
    """The names of the models that `tests` (unique ids of failed nodes) look at."""
    if not tests:
        return set()
    raw = json.loads(manifest_path.read_text(encoding="utf-8"))
    nodes = {**raw["nodes"], **raw.get("unit_tests", {})}
    return {
        nodes[parent]["name"]
        for test in tests
        for parent in nodes[test]["depends_on"]["nodes"]
        if parent in nodes
    }


def _keys(event: Any, context: dg.AssetExecutionContext) -> set[dg.AssetKey]:
    """The asset key an event materialises, if it does."""
    if isinstance(event, dg.Output):
        return {context.asset_key_for_output(event.output_name)}
    key = getattr(event, "asset_key", None)
    return {key} if key else set()
