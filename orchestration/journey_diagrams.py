"""A picture of every journey with its people, drawn after each tick: an SVG file each, and Mermaid in the metadata."""

import dagster as dg

from activations.journeys import load, tables
from activations.journeys.diagram import mermaid, svg
from activations.journeys.diagram.counts import count
from activations.journeys.errors import JourneyError
from orchestration import journeys
from orchestration.resources import Installation
from warehouse.connection import connect

KEY = dg.AssetKey(["journeys", "diagrams"])


@dg.asset(
    key=KEY,
    group_name=journeys.GROUP,
    kinds={"svg", "markdown"},
    owners=["team:growth"],
    deps=[journeys.KEY],
    description="Every journey drawn with who is where, who passed and what was sent.",
)
def diagrams_asset(
    context: dg.AssetExecutionContext, installation: Installation
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Draw every journey whose file is right."""
    settings = installation.settings()
    folder = settings.home / "journeys"
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {}
    with connect(settings) as con:
        tables.ensure(con)
        for path in load.paths(settings.project):
            try:
                journey, _ = load.read(path)
            except JourneyError as error:
                context.log.error("%s is not drawn: %s", path.stem, error)
                continue
            drawn[path.stem] = (journey, count(con, path.stem))
    metadata: dict[str, dg.MetadataValue] = {}
    for name, (journey, counts) in drawn.items():
        (folder / f"{name}.svg").write_text(svg.draw(journey, counts), encoding="utf-8")
        metadata[name] = dg.MetadataValue.md(f"```mermaid\n{mermaid.draw(journey, counts)}```")
    metadata["folder"] = dg.MetadataValue.path(str(folder))
    return dg.MaterializeResult(metadata=metadata)
