"""How a dbt node looks in Dagster: `<schema>/<table>` as key, its folder as group, its `meta.owner` as owner."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject

from orchestration.journeys import KEY as TICK
from warehouse.manifest import MEMBERSHIPS


class Translator(DagsterDbtTranslator):
    """Keys say where the data lies; everything else comes from the model's own declaration."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_asset_checks=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """`<schema>/<table>`."""
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The top-level folder of `models/`; a source's schema."""
        path = Path(dbt_resource_props["original_file_path"])
        return path.parts[path.parts.index("models") + 1] if "models" in path.parts else None

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """`meta.owner` as a Dagster team."""
        meta = (dbt_resource_props.get("config") or {}).get("meta") or {}
        return [f"team:{meta['owner']}"] if meta.get("owner") else []

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """The node's spec, with what dbt cannot know: memberships read segments, the tick makes journeys' state."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        node = manifest["nodes"].get(unique_id) or {}
        read = (
            manifest["sources"].get(name) for name in node.get("depends_on", {}).get("nodes", ())
        )
        if any(source and source["schema"] == TICK.path[0] for source in read):
            spec = spec.merge_attributes(deps=[TICK])
        if node.get("name") != MEMBERSHIPS:
            return spec
        segments = [
            self.get_asset_key(other)
            for other in manifest["nodes"].values()
            if other["resource_type"] == "model" and "segment" in other["config"].get("meta", {})
        ]
        return spec.merge_attributes(deps=sorted(segments))
