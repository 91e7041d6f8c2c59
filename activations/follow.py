"""Follows jobs that vendors accepted to their reports, in the run that submitted them or in any later one.

Until a job ends its rows are neither sent again nor forgotten. It ends done (the report says what came of each row),
or lost: no longer known, or silent for longer than the vendor takes. Lost rows are rejected where sending again is
harmless, so that they come back with backoff; elsewhere they are in doubt. A job that refused rows without saying which
is sent again in halves, which take its place in one commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from activations import open_jobs, redact, sending
from activations.channel import Channel
from activations.connector import Connector, Job, Outcome, Row
from activations.errors import (
    InDoubtError,
    JobLostError,
    JobRefusedError,
    RefusedError,
    UnavailableError,
)
from activations.leases import Lease
from activations.ledger import Ledger
from activations.open_jobs import Look
from warehouse import clock

GONE = frozenset({"404", "410"})
MOST_UNWRITTEN = 5_000  # rows whose outcomes wait for one commit
LOST, EXPIRED, UNREPORTED = "job_lost", "job_expired", "unreported"
STILL_OPEN = "jobs at the destination still run; the next run asks again"


@dataclass(frozen=True)
class Follower:
    """Looks after the open jobs of one sync; `lease` is the sync's."""

    ledger: Ledger
    lease: Lease
    connector: Connector
    channel: Channel
    sync: str
    # Rows of jobs that this run submitted, by run, batch and handle: what is not here is read from the ledger.
    submitted: dict[tuple[str, int, str], tuple[Row, ...]] = field(default_factory=dict)

    def wait(self, fewer_than: int) -> None:
        """Wait until fewer than so many jobs are open. Raises BudgetError, StopError or UnavailableError."""
        scale = self.connector.rate_scale
        seconds, longest = (value / scale for value in self.connector.poll_seconds)
        while open_jobs.count(self.ledger.engine, self.sync) >= fewer_than:
            self.channel.wait(seconds)
            seconds = min(seconds * 2, longest)
            self.look()

    def look(self) -> int:
        """One look at every open job; returns how many ended. What was seen is written in few commits."""
        looks: list[Look] = []
        ended = 0
        try:
            for job in open_jobs.listed(self.ledger.engine, self.sync):
                looks.append(self._look(job))
                ended += looks[-1].state is not None
                # Jobs that were made anew are known to nobody else.
                new = any(outcome.state == "submitted" for outcome in looks[-1].outcomes)
                if new or sum(len(look.outcomes) for look in looks) > MOST_UNWRITTEN:
                    self._note(looks)
        except Exception:
            self._note(looks)
            raise
        self._note(looks)
        return ended

    def _note(self, looks: list[Look]) -> None:
        safe = self.connector.replay_safe
        open_jobs.note(self.ledger.engine, self.lease, looks, through_power_cut=not safe)
        looks.clear()

    def _look(self, job: Mapping[str, Any]) -> Look:
        submitted_at = clock.aware(job["submitted_at"])
        asked = Job(job["handle"], job["lane"], submitted_at, lambda: self._rows(job))
        words, found = "the destination is silent about it", None
        try:
            if job["destination"] == self.connector.name:
                found = self._report(asked, job["row_count"])
        except JobLostError as error:
            return self._lose(job, asked.rows, LOST, str(error))
        except JobRefusedError as error:
            return self._end(job, "done", str(error), self._halved(asked, error), asked.rows)
        except RefusedError as error:
            words = str(error)
            if error.code in GONE:
                return self._lose(
                    job, asked.rows, LOST, f"the destination no longer knows it ({words})"
                )
        except InDoubtError as error:
            words = str(error)
        if found is not None:
            return self._end(job, "done", None, found, asked.rows)
        patience = timedelta(seconds=self.connector.job_seconds / self.connector.rate_scale)
        if clock.now() - submitted_at > patience:
            hours = self.connector.job_seconds / 3600
            return self._lose(job, asked.rows, EXPIRED, f"no end after {hours:g} h: {words}")
        return Look(job)

    def _report(self, job: Job, submitted: int) -> list[Outcome] | None:
        """What the vendor says of each row; None while it works."""
        self.channel.attempts()
        try:
            found = self.connector.poll(self.channel, job)
            if found is None:
                return None
            mine = {row.seq for row in job.rows}
            told = {outcome.seq: outcome for outcome in found}
        except (LookupError, TypeError, ValueError) as error:
            shape = f"{type(error).__name__}: {error}"
            raise InDoubtError(
                f"{self.connector.name}: a report in another shape ({shape})"
            ) from error
        # Rows of an erased person are in the report, and no longer ours.
        if told.keys() - mine and len(mine) == submitted:
            raise JobLostError(
                "its report names a row that it does not hold, so it tells nothing of any"
            )
        silent = [self._unknown(row, UNREPORTED, "the job's report leaves this row out")
                  for row in job.rows if row.seq not in told]  # fmt: skip
        return [told[seq] for seq in sorted(mine & told.keys())] + silent

    def _halved(self, job: Job, error: JobRefusedError) -> list[Outcome]:
        """What comes of the rows of a job that refused some of them: sent again in halves, until each is known."""
        found: dict[int, Outcome] = {}
        halves = sending.parts(error, job.rows, job.rows, found)
        lane = replace(self.connector.limits, name=job.lane)
        try:
            if halves:
                self.connector.prepare(self.channel)
            for half in halves:
                sending.send(self.connector, self.channel, lane, half, found)
        except (InDoubtError, RefusedError) as failure:
            # What is not known now is asked for once more: the job stays as it is, and so do its rows.
            words = f"{self.connector.name}: sending a job's rows again failed: {failure}"
            raise UnavailableError(words) from failure
        self.channel.attempts()
        return [found[row.seq] for row in job.rows]

    def _lose(self, job: Mapping[str, Any], rows: Sequence[Row], code: str, words: str) -> Look:
        outcomes = [self._unknown(row, code, f"job at the destination: {words}") for row in rows]
        return self._end(job, "lost", words, outcomes, rows)

    def _end(
        self,
        job: Mapping[str, Any],
        state: str,
        words: str | None,
        outcomes: Sequence[Outcome],
        rows: Sequence[Row],
    ) -> Look:
        reason = redact.text(words, self.connector.secrets)
        return Look(job, state, reason, self._clean(outcomes, rows))

    def _rows(self, job: Mapping[str, Any]) -> tuple[Row, ...]:
        key = (str(job["run_id"]), int(job["batch"]), str(job["handle"]))
        return self.submitted.pop(key, None) or open_jobs.rows(self.ledger.engine, job)

    def _unknown(self, row: Row, code: str, words: str) -> Outcome:
        state = "rejected" if self.connector.replay_safe else "in_doubt"
        return Outcome(row.seq, state, code=code, message=words)  # type: ignore[arg-type]

    def _clean(self, outcomes: Sequence[Outcome], rows: Sequence[Row]) -> list[Outcome]:
        if all(one.message is None for one in outcomes):
            return list(outcomes)
        values = {row.seq: row.payload.values() for row in rows}
        secrets = self.connector.secrets
        return [
            o._replace(message=redact.text(o.message, secrets, values[o.seq])) if o.message else o
            for o in outcomes
        ]
