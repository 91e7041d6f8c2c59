"""Each journey held against the data as an asset check: what matches nobody, who may not be written to."""

import dagster as dg

from activations.journeys import load, run
from activations.journeys.errors import JourneyError
from activations.journeys.lint import lint
from activations.journeys.lint_words import Said
from activations.journeys.validate import templates, validate
from orchestration import journeys
from orchestration.resources import Installation
from warehouse.connection import connect
from warehouse.manifest import Manifest
from warehouse.settings import Settings

KEY = dg.AssetKey(["journeys", "lint"])
GROUP = "journey_review"


def lint_asset(settings: Settings, manifest: Manifest) -> dg.AssetsDefinition:
    """One check per journey's file; hourly with `refresh`, not with each tick."""
    names = [path.stem for path in load.paths(settings.project)]

    @dg.asset(
        key=KEY,
        group_name=GROUP,
        kinds={"duckdb"},
        owners=["team:growth"],
        # `refresh` does not tick: there only its inputs say what must be built first.
        deps=[journeys.KEY, *journeys.inputs(manifest)],
        check_specs=[dg.AssetCheckSpec(name, asset=KEY) for name in names],
        description="What the data of 90 days says about the journeys' files.",
    )
    def look(installation: Installation) -> dg.MaterializeResult:  # type: ignore[type-arg]
        settings = installation.settings()
        results = []
        texts = Said.of(settings, installation.manifest())
        with connect(settings) as con:
            catalog = run.prepare(con, installation.manifest())
            messages = templates(settings.project) or None
            for path in load.paths(settings.project):
                if path.stem not in names:
                    continue
                try:
                    journey, source = load.read(path)
                    found = validate(journey, catalog, messages)
                    if not any(one.severity == "error" for one in found):
                        found += texts.lint(journey, catalog)
                        found += lint(con, catalog, journey, installation.as_of())
                    said = [source.tell(one) for one in found]
                except JourneyError as error:
                    said = str(error).splitlines()
                results.append(
                    dg.AssetCheckResult(
                        check_name=path.stem,
                        asset_key=KEY,
                        passed=not said,
                        severity=dg.AssetCheckSeverity.WARN,
                        metadata={
                            "findings": dg.MetadataValue.md(
                                "\n".join(f"- {one}" for one in said) or "none"
                            )
                        },
                    )
                )
        failed = sum(not one.passed for one in results)
        return dg.MaterializeResult(metadata={"with findings": failed}, check_results=results)

    return look
