"""Pulls in Dagster: one op job per vendor that has to be asked for its data; what comes lands as files."""

from collections.abc import Callable, Mapping

import dagster as dg

from loaders import activecampaign
from loaders.activecampaign import Pulled
from loaders.errors import LoaderError
from orchestration.resources import Installation
from warehouse.settings import Settings

# What each vendor's module offers: `NEEDS`, `configured` and `pull`.
SOURCES = {activecampaign.SOURCE: activecampaign}


def pull(
    source: str,
    settings: Settings,
    environ: Mapping[str, str],
    tables: tuple[str, ...] = (),
    on_page: Callable[[str, int, int], None] | None = None,
) -> Pulled:
    """Pull from the vendor of this name. Raises LoaderError, also for a name that nobody knows."""
    if source not in SOURCES:
        raise LoaderError(f"nothing is pulled from {source}: use {', '.join(sorted(SOURCES))}")
    return SOURCES[source].pull(settings, environ, tables, on_page)


def pull_jobs() -> list[dg.JobDefinition]:
    """One job `pull_<source>` per vendor."""
    return [_job(source) for source in sorted(SOURCES)]


def _job(source: str) -> dg.JobDefinition:
    @dg.op(
        name=f"pull_{source}_tables", description=f"Bring the landing files of {source} up to date."
    )
    def bring(context: dg.OpExecutionContext, installation: Installation) -> None:
        environ = installation.environ()
        module = SOURCES[source]
        if not module.configured(environ):
            context.log.warning("%s is not pulled: set %s", source, " and ".join(module.NEEDS))
            return
        pulled = module.pull(installation.settings(), environ, (), _logger(context))
        context.add_output_metadata({"requests": pulled.requests, **pulled.rows})

    @dg.job(name=f"pull_{source}", description=f"Ask {source} for what changed; it lands as files.")
    def job() -> None:
        bring()

    return job


def _logger(context: dg.OpExecutionContext) -> Callable[[str, int, int], None]:
    def say(table: str, rows: int, total: int) -> None:
        if rows % 10_000 < 100 and rows >= 100:
            context.log.info("%s: %d of %s rows", table, rows, total or "?")

    return say


def pull_schedules() -> list[dg.ScheduleDefinition]:
    """Every hour, off until somebody turns them on; without credentials they skip."""
    return [_schedule(source) for source in sorted(SOURCES)]


def _schedule(source: str) -> dg.ScheduleDefinition:
    def is_configured(_: dg.ScheduleEvaluationContext) -> bool:
        return SOURCES[source].configured(Installation().environ())

    return dg.ScheduleDefinition(
        name=f"hourly_pull_{source}",
        job_name=f"pull_{source}",
        cron_schedule="40 * * * *",
        should_execute=is_configured,
    )
