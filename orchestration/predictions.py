"""Predictions in Dagster: one asset per model in `ml/models/`, and the tables that they write together."""

import base64
from collections.abc import Mapping

import dagster as dg
import duckdb

from ml import monitor, pipeline, registry
from ml.result import Monitor
from orchestration.resources import Installation
from warehouse import clock
from warehouse.builds import record, recorded, state_of
from warehouse.connection import connect
from warehouse.dialect import ident, literal
from warehouse.manifest import Manifest

GROUP = "ml"
SCHEMA = "ml"
WATCHES = {
    monitor.DISTRIBUTION: "Scores are spread like the last ones that were let through; else syncs that read them wait.",
    monitor.DRIFT: "Features are spread like those that were learned from.",
    monitor.CALIBRATION: "What became known since training came as often as was said.",
}


def model_assets() -> list[dg.AssetsDefinition]:
    """One asset per prediction model, downstream of the tables its file says it reads."""
    return [_model_asset(name) for name in registry.names()]


def _model_asset(name: str) -> dg.AssetsDefinition:
    spec = registry.spec(name)
    reads = [dg.AssetKey(relation.split(".")) for relation in spec.relations]

    @dg.asset(
        key=[SCHEMA, name],
        group_name=GROUP,
        kinds={"xgboost", "polars"},
        owners=["team:data"],
        deps=reads,
        description=spec.question,
        check_specs=[
            dg.AssetCheckSpec(watch, asset=[SCHEMA, name], description=WATCHES[watch])
            for watch in monitor.MONITORS
        ],
    )
    def predict(
        context: dg.AssetExecutionContext, installation: Installation
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]
        settings, mark = installation.settings(), on_record(name)
        with connect(settings) as con:
            state = state_of(recorded(con), spec.relations)
        outcome = pipeline.run(settings, name, installation.as_of())
        with connect(settings) as con:
            record(con, {mark: state}, [mark], clock.now())
        context.log.info("%s: %s", name, outcome.verdict)
        return dg.MaterializeResult(
            check_results=checks(dg.AssetKey([SCHEMA, name]), outcome.monitors),
            metadata={
                **_picture(installation, name, outcome.version),
                "verdict": outcome.verdict,
                "version": outcome.version,
                "promoted": outcome.is_promoted,
                "dagster/row_count": outcome.rows,
                **{key: float(value) for key, value in outcome.metrics.items()},
            },
        )

    return predict


def on_record(name: str) -> str:
    """Under which name it is on record in what state of its tables a model spoke last."""
    return f"{SCHEMA}.{name}"


def silent(con: duckdb.DuckDBPyConnection, current: Mapping[str, str]) -> set[str]:
    """The models that have not spoken since their tables came into the state that `current` tells."""
    known = recorded(con)
    return {
        name
        for name in registry.names()
        if known.get(on_record(name)) != state_of(current, registry.spec(name).relations)
    }


def checks(key: dg.AssetKey, watches: tuple[Monitor, ...]) -> list[dg.AssetCheckResult]:
    """One result per watch; one that a model does not keep has passed. What holds activations back is an error."""
    found = {watch.monitor: watch for watch in watches}
    results = []
    for name in monitor.MONITORS:
        watch = found.get(name)
        results.append(
            dg.AssetCheckResult(
                asset_key=key,
                check_name=name,
                passed=watch is None or watch.is_well,
                severity=dg.AssetCheckSeverity.ERROR
                if watch is not None and watch.is_held
                else dg.AssetCheckSeverity.WARN,
                metadata={"seen": watch.seen if watch else "not watched"},
            )
        )
    return results


def _picture(installation: Installation, name: str, version: str) -> dict[str, dg.MetadataValue]:
    """The version's picture, to look at in the UI; nothing where there is none."""
    # Drawing needs matplotlib, which a process that only lists assets can do without.
    from ml import pictures

    path = pictures.draw(installation.settings(), name, version) if version else None
    if path is None:
        return {}
    encoded = base64.b64encode(path.read_bytes()).decode()
    return {"picture": dg.MetadataValue.md(f"![{name}](data:image/png;base64,{encoded})")}


def table_assets(manifest: Manifest) -> list[dg.AssetsDefinition]:
    """The tables of the dbt source `ml`, each written by all the models together."""
    tables = [source.name for source in manifest.sources.values() if source.schema == SCHEMA]
    models = [dg.AssetKey([SCHEMA, name]) for name in registry.names()]
    return [_table_asset(table, models) for table in sorted(tables)]


def _table_asset(table: str, models: list[dg.AssetKey]) -> dg.AssetsDefinition:
    @dg.asset(
        key=[SCHEMA, table],
        group_name=GROUP,
        kinds={"duckdb"},
        owners=["team:data"],
        deps=models,
        description=f"The rows that the models wrote into `ml.{table}`.",
    )
    def written(installation: Installation) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with connect(installation.settings()) as con:
            relation = ident(SCHEMA, table)
            columns = {str(row[0]) for row in con.execute(f"describe {relation}").fetchall()}
            # A table that one model writes does not say of each row which.
            model = "model" if "model" in columns else f"{literal(table)} as model"
            counts = con.execute(
                f"select {model}, count(*) from {relation} group by 1 order by 1"
            ).fetchall()
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": sum(count for _, count in counts),
                **{f"rows of {model}": count for model, count in counts},
            }
        )

    return written
