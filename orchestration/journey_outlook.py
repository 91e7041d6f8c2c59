"""What journeys will send in the next days, and would have sent in the last ones, as assets of a job of their own."""

from datetime import timedelta

import dagster as dg

from activations.conditions.catalog import from_manifest
from activations.journeys import load
from activations.journeys.errors import JourneyError
from activations.journeys.replay import commands, keep
from activations.journeys.replay.commands import Finder
from orchestration.resources import Installation

GROUP = "journey_outlook"
AHEAD, BACKTEST = dg.AssetKey(["journeys", "ahead"]), dg.AssetKey(["journeys", "backtests"])
KEYS = {AHEAD, BACKTEST}
DAYS_AHEAD, DAYS_BACK = 7, 30
# Between two ticks of the backtest: a month in hours would cost three times as much, and counts need no finer grain.
BACKTEST_STEP = timedelta(hours=3)


def _finder(installation: Installation) -> Finder:
    manifest = installation.manifest()
    return lambda con: from_manifest(con, manifest)


@dg.asset(
    key=AHEAD,
    group_name=GROUP,
    kinds={"duckdb"},
    owners=["team:growth"],
    description=f"One row per message of the next {DAYS_AHEAD} days if nothing new happens; on a copy, sends nothing.",
)
def ahead_asset(
    context: dg.AssetExecutionContext, installation: Installation
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Everybody who is inside, moved on."""
    settings, as_of = installation.settings(), installation.as_of()
    try:
        result = commands.ahead(settings, _finder(installation), as_of, DAYS_AHEAD)
    except JourneyError as error:
        context.log.warning("%s", error)
        return dg.MaterializeResult(metadata={"messages": keep.keep_ahead(settings, [], as_of)})
    for name, why in result.broken.items():
        context.log.error("%s does not run: %s", name, why)
    rows = keep.keep_ahead(settings, result.messages, as_of)
    return dg.MaterializeResult(metadata={"messages": rows, "sent": len(result.sent)})


@dg.asset(
    key=BACKTEST,
    group_name=GROUP,
    kinds={"duckdb"},
    owners=["team:growth"],
    description=f"What the journeys' files would have sent in the last {DAYS_BACK} days, ticks three hours apart.",
)
def backtest_asset(
    context: dg.AssetExecutionContext, installation: Installation
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """All journeys whose files are right, together."""
    settings, as_of = installation.settings(), installation.as_of()
    journeys = []
    for path in load.paths(settings.project):
        try:
            journeys.append(load.read(path)[0])
        except JourneyError as error:
            context.log.error("%s", error)
    done = commands.backtest(
        settings, _finder(installation), journeys, as_of, DAYS_BACK, BACKTEST_STEP
    )
    for words in done.limits:
        context.log.info("%s", words)
    rows = keep.keep_backtest(settings, done.result.messages, as_of)
    return dg.MaterializeResult(
        metadata={"rows": rows, "sent": len(done.result.sent), "limits": "; ".join(done.limits)}
    )
