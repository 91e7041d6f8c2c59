"""Journeys in Dagster: one asset, the tick, downstream of everything that conditions may read."""

import dagster as dg

from activations.journeys import run
from orchestration.resources import Installation
from warehouse.manifest import Manifest

GROUP = "journeys"
KEY = dg.AssetKey(["journeys", "tick"])
READS = ("marts", "scores", "segments")
EVENTS = "int_events__of_contacts"


def inputs(manifest: Manifest) -> list[dg.AssetKey]:
    """The models that conditions may read."""
    return [
        dg.AssetKey([model.schema, model.name])
        for model in manifest.models.values()
        if (model.folder in READS or model.name == EVENTS) and model.materialized != "ephemeral"
    ]


def tick_asset(manifest: Manifest) -> dg.AssetsDefinition:
    """Publishes what may be published unasked, and advances everybody to the run's moment."""

    @dg.asset(
        key=KEY,
        group_name=GROUP,
        kinds={"duckdb"},
        owners=["team:growth"],
        deps=inputs(manifest),
        description="Everybody in every journey advanced to now; messages proposed to the outbox.",
    )
    def tick(context: dg.AssetExecutionContext, installation: Installation) -> dg.MaterializeResult:  # type: ignore[type-arg]
        outcome = run.run_tick(
            installation.settings(), installation.manifest(), installation.as_of()
        )
        done = outcome.ticked
        wrong = {**outcome.wrong, **done.broken}
        for name, why in wrong.items():
            context.log.error("%s does not run: %s", name, why)
        for name, why in done.held.items():
            context.log.warning("%s waits: %s", name, why)
        for name, why in outcome.waiting.items():
            context.log.warning("%s has changed and waits to be published: %s", name, why)
        return dg.MaterializeResult(
            metadata={
                "entered": done.enrolled,
                "steps passed": done.moved,
                "messages proposed": done.proposed,
                "ended": done.ended,
                "in quarantine": done.quarantined,
                "published": ", ".join(outcome.published) or "nothing",
                "waiting to be published": ", ".join(outcome.waiting) or "nothing",
                "not running": ", ".join(wrong) or "none",
                "held back": ", ".join(done.held) or "none",
            }
        )

    return tick
