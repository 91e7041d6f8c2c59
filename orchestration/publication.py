"""The published copy that BI reads, as one asset downstream of every table it holds."""

import dagster as dg

from orchestration.resources import Installation
from warehouse import serving
from warehouse.manifest import Manifest

KEY = dg.AssetKey(["serving", "millrace"])


def serving_asset(manifest: Manifest) -> dg.AssetsDefinition:
    """Publishes every mart, score, segment and report."""
    deps = [dg.AssetKey([model.schema, model.name]) for model in serving.tables(manifest)]

    @dg.asset(
        key=KEY, group_name="serving", kinds={"duckdb", "parquet"}, owners=["team:data"], deps=deps
    )
    def publish(
        context: dg.AssetExecutionContext, installation: Installation
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]
        """The serving DuckDB file and Parquet folder, replaced in one step; readers are never locked out."""
        published = serving.publish(installation.settings(), installation.manifest())
        if published.unchanged:
            context.log.info("nothing changed since the last publication")
        return dg.MaterializeResult(
            metadata={
                "tables": len(published.rows),
                "dagster/row_count": sum(published.rows.values()),
                "unchanged": published.unchanged,
                "written": len(published.written),
                "database": str(published.database),
            }
        )

    return publish
