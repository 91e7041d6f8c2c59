"""Watches the landing folder and decides anew as soon as files have arrived; then journeys look at what is new."""

import hashlib

import dagster as dg

from orchestration.due import decide_request
from orchestration.jobs import DECIDE, JOURNEYS, jobs
from orchestration.resources import Installation
from warehouse.landing import list_files


def state(installation: Installation) -> str:
    """A digest of the names, sizes and times of all landing files; it opens no file and no database."""
    settings = installation.settings()
    digest = hashlib.sha256()
    for contract in installation.contracts().values():
        for file in list_files(settings, contract):
            digest.update(f"{file.relative}|{file.file_bytes}|{file.modified_ns}\n".encode())
    return digest.hexdigest()


@dg.sensor(name="landing_files", job_name=DECIDE, minimum_interval_seconds=30)
def landing_sensor(
    context: dg.SensorEvaluationContext, installation: Installation
) -> dg.RunRequest | dg.SkipReason:
    """One run per state of the landing folder, of what the new files touch."""
    current = state(installation)
    if context.cursor == current:
        return dg.SkipReason("No file arrived since the last look.")
    context.update_cursor(current)
    return decide_request(installation.settings(), installation.manifest(), current)


def news_sensor() -> dg.SensorDefinition:
    """A tick after each run that decided on new data, so that nobody waits for the schedule."""
    known = {job.name: job for job in jobs()}

    @dg.run_status_sensor(
        name="journeys_on_news",
        run_status=dg.DagsterRunStatus.SUCCESS,
        monitored_jobs=[known[DECIDE]],
        request_job=known[JOURNEYS],
        minimum_interval_seconds=30,
    )
    def journeys_on_news(context: dg.RunStatusSensorContext) -> dg.RunRequest:
        return dg.RunRequest(run_key=context.dagster_run.run_id)

    return journeys_on_news
