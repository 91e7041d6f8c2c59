"""Runs a job in this process, on an instance that the Dagster UI shows too, and says how each step went."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg
from filelock import FileLock

from orchestration.definitions import definitions
from orchestration.due import due_assets
from orchestration.predictions import SCHEMA as ML
from warehouse.manifest import load_manifest
from warehouse.settings import Settings

OnStep = Callable[[str, str, int, int], None]
INSTANCE = """\
telemetry:
  enabled: false
run_coordinator:
  module: dagster.core.run_coordinator
  class: QueuedRunCoordinator
  config:
    max_concurrent_runs: 4
event_log_storage:
  module: orchestration.event_log
  class: EventLog
  config:
    home:
      env: DAGSTER_HOME
"""


@dataclass(frozen=True)
class RunOutcome:
    """How a job ended: the steps that failed with their errors, and the checks that did not pass.

    `errors` and `warnings` are sentences of the form `<asset> <check>: <what was seen>`.
    """

    run_id: str
    succeeded: bool
    failures: dict[str, str]
    errors: list[str]
    warnings: list[str]


def instance(settings: Settings) -> dg.DagsterInstance:
    """The Dagster instance below the installation's home, made on first use; the UI uses the same.

    Dagster creates its tables on first opening and two processes would both try: the lock lets one do it.
    """
    home = settings.home / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    os.environ["DAGSTER_HOME"] = str(home)
    with FileLock(str(home / "instance.lock")):
        config = home / "dagster.yaml"
        if not config.exists():
            config.write_text(INSTANCE, encoding="utf-8")
        return dg.DagsterInstance.get()


def run_job(settings: Settings, job: str, on_step: OnStep | None = None) -> RunOutcome:
    """Run what `job` has to do, to its end.

    `on_step(text, state, done, total)` is called as steps start and end (`text` is the step), and with what they say
    meanwhile (`text` is the message).
    """
    found = definitions().resolve_job_def(job)
    mine = found.asset_layer.selected_asset_keys
    predicts = any(key.path[0] == ML for key in mine)
    due = due_assets(settings, load_manifest(settings, refresh=False), predicts=predicts)
    if due is not None:
        found = found.get_subset(asset_selection={key for key in due if key in mine})
    run_id = str(uuid.uuid4())
    with instance(settings) as inst:
        watch = _Watch(inst, run_id, len(found.graph.nodes), on_step)
        with watch:
            result = found.execute_in_process(
                instance=inst,
                run_id=run_id,
                raise_on_error=False,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
        succeeded = result.success and not watch.errors
        return RunOutcome(run_id, succeeded, watch.failures, watch.errors, watch.warnings)


class _Watch:
    """Follows a run's events from a thread of its own."""

    def __init__(
        self, inst: dg.DagsterInstance, run_id: str, total: int, on_step: OnStep | None
    ) -> None:
        self.instance, self.run_id, self.total, self.on_step = inst, run_id, total, on_step
        self.failures: dict[str, str] = {}
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self._done = 0
        self._cursor: str | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _follow(self) -> None:
        # Each look costs some 20 ms of the run it watches.
        while not self._stop.wait(1.0):
            self._read()
        self._read()

    def _read(self) -> None:
        if not self.instance.has_run(self.run_id):
            return
        records = self.instance.get_records_for_run(self.run_id, self._cursor)
        self._cursor = records.cursor
        for record in records.records:
            entry = record.event_log_entry
            if entry.dagster_event:
                self._take(entry.dagster_event)
            elif self.on_step and entry.step_key and entry.user_message:
                self.on_step(entry.user_message, "says", self._done, self.total)

    def _take(self, event: dg.DagsterEvent) -> None:
        if event.is_step_failure:
            error = event.step_failure_data.error_display_string
            self.failures[str(event.step_key)] = error.strip()
        elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            self._judge(event.asset_check_evaluation_data)
        ended = event.is_step_success or event.is_step_failure or event.is_step_skipped
        self._done += ended
        if self.on_step and (ended or event.is_step_start):
            state = "ended" if ended else "started"
            self.on_step(str(event.step_key), state, self._done, self.total)

    def _judge(self, check: dg.AssetCheckEvaluation) -> None:
        if check.passed:
            return
        seen = "; ".join(
            str(value.value) if key == "error" else f"{key}: {value.value}"
            for key, value in check.metadata.items()
        )
        grave = check.severity == dg.AssetCheckSeverity.ERROR
        sentence = f"{check.asset_key.to_user_string()} {check.check_name}: {seen}"
        (self.errors if grave else self.warnings).append(sentence)
