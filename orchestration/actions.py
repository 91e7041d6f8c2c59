"""What journeys ask for in Dagster: one asset that hands actions over, after the tick in which they arise."""

from typing import Any

import dagster as dg

from activations.actions import dispatch, rules
from activations.actions.dispatch import Handed
from orchestration import journeys
from orchestration.resources import Installation
from orchestration.syncs import GROUP
from warehouse import clock
from warehouse.settings import Settings

KEY = dg.AssetKey(["journeys", "actions"])


def actions_asset(settings: Settings) -> dg.AssetsDefinition:
    """Deals, tasks, notifications, calls and updates, delivered; needs no credentials to be defined."""
    declared = rules.load(settings.project)
    kinds = {route.to for routes in declared.places.values() for route in routes.values()}

    @dg.asset(
        key=KEY,
        group_name=GROUP,
        kinds=kinds or {"none"},
        owners=["team:growth"],
        deps=[journeys.KEY],
        description="Deals, tasks, notifications, calls and updates that journeys ask for, handed over.",
    )
    def actions(
        context: dg.AssetExecutionContext, installation: Installation
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]
        here = installation.settings()
        now = rules.load(here.project)
        done = dispatch.dispatch(here, now, clock.as_of(here), installation.environ())
        for one in done:
            context.log.info("%s: %s", one.sync, one.summary)
        return dg.MaterializeResult(metadata=metadata(done))

    return actions


def metadata(done: list[Handed]) -> dict[str, Any]:
    """One line and every count per way."""
    shown: dict[str, Any] = {one.sync: one.summary for one in done}
    for one in done:
        shown |= {f"{one.sync} {name}": count for name, count in one.counts.items()}
    return shown
