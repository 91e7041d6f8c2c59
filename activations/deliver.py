"""Delivers a run from the ledger, batch by batch; never touches the warehouse and can be killed at any instant."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count, islice

from activations import open_jobs, redact, sending
from activations.channel import Channel
from activations.connector import Connector, Limits, Outcome, Row
from activations.crew import Batch, Crew, Sent
from activations.errors import (
    ActivationError,
    BudgetError,
    InDoubtError,
    RefusedError,
    StopError,
    UnavailableError,
)
from activations.follow import STILL_OPEN, Follower
from activations.leases import Lease
from activations.ledger import Ledger
from activations.rows import row_of
from warehouse import clock

Progress = Callable[[int, int], None]
DOUBTS_IN_A_ROW = 3  # after so many sends without an answer the rest waits for a better day
MOST_KEPT = 25_000  # rows in jobs that are held in memory until their reports come
MOST_SHARED = 50  # messages of a batch; more are each about a row of its own
INTERRUPTED = "the run was interrupted"
SENT_BEFORE = "the ledger says this was sent by an earlier run, though the warehouse had forgotten"


@dataclass(frozen=True)
class Delivery:
    """What came of a run: its counts (see Ledger.finish), requests made, and why it stopped early, if it did."""

    run_id: str
    counts: Mapping[str, int]
    requests: int
    reason: str | None = None


@dataclass
class _Pack:
    """A batch being filled."""

    lane: Limits
    rows: list[Row] = field(default_factory=list)
    size: int = 0


@dataclass
class _Tally:
    """How far a delivery is, and why it must stop, if it must."""

    total: int
    progress: Progress | None
    done: int = 0
    doubts: int = 0
    jobs: int = 0  # at the vendor, not ended as far as we know
    reason: str | None = None

    def add(self, sent: Sent) -> None:
        if not sent.has_set_out:
            return
        self.done += len(sent.batch.rows)
        self.jobs += len({outcome.job for outcome in sent.outcomes if outcome.state == "submitted"})
        if self.progress:
            self.progress(self.done, self.total)
        is_doubt = any(outcome.state == "in_doubt" for outcome in sent.outcomes)
        self.doubts = self.doubts + 1 if is_doubt else 0
        if self.doubts == DOUBTS_IN_A_ROW and sent.stop is None and self.reason is None:
            self.reason = f"{self.doubts} sends in a row got no answer; the rest waits"


@dataclass
class Engine:
    """Delivers one run of one sync; `lease` is the sync's."""

    ledger: Ledger
    lease: Lease
    connector: Connector
    channel: Channel
    run_id: str
    sync: str
    progress: Progress | None = None
    parallel: int = 1  # batches that may be on their way at once
    _untried: deque[tuple[Limits, Sequence[Row]]] = field(default_factory=deque)
    _submitted: dict[tuple[str, int, str], tuple[Row, ...]] = field(default_factory=dict)

    @property
    def jobs(self) -> Follower:
        """What looks after the sync's jobs."""
        return Follower(
            self.ledger, self.lease, self.connector, self.channel, self.sync, self._submitted
        )

    def run(self) -> Delivery:
        """Deliver all planned rows, close the run and return its counts."""
        interrupt(self.ledger, self.lease, self.run_id, self.connector.replay_safe, again=True)
        if self.connector.target.mode == "append":
            self._suppress()
        total = self.ledger.count(self.run_id, ["planned"])
        reason = self._all(total) if total else None
        reason = reason or self._follow(1)
        waiting = reason or INTERRUPTED
        self.ledger.release(self.lease, self.run_id, ["planned"], waiting, "deferred")
        counts = self.ledger.finish(self.run_id, reason)
        return Delivery(self.run_id, counts, self.channel.requests, reason)

    def _all(self, total: int) -> str | None:
        """Send every batch; returns why it stopped early."""
        first = self.ledger.next_batch(self.run_id)
        try:
            self.connector.prepare(self.channel)
        except (StopError, BudgetError, UnavailableError, InDoubtError, RefusedError) as error:
            return self._clean(str(error))
        self.channel.attempts()
        packed = self._batches(self.ledger.waiting(self.run_id), total)
        numbers = count(first)

        def batches(most: int) -> list[Batch]:
            return list(islice(self._numbered(packed, numbers), most))

        def pack_one() -> None:
            self._untried.extend(islice(packed, 0 if self._untried else 1))

        # Rows handed over ahead of time are in flight: were the process killed now, a message that never left would
        # be in doubt. So messages are not.
        ahead = self.parallel if self.connector.replay_safe else 0
        jobs = open_jobs.count(self.ledger.engine, self.sync)
        must_wait = self.channel.is_wanted if ahead else bool
        with Crew(self.parallel, self._sent, ahead, must_wait) as crew:
            return self._deliver(batches, pack_one, crew, _Tally(total, self.progress, jobs=jobs))

    def _deliver(
        self,
        batches: Callable[[int], list[Batch]],
        pack_one: Callable[[], None],
        crew: Crew,
        tally: _Tally,
    ) -> str | None:
        """One commit a turn: what came of the batches that are back, and the intents of those that go next.

        The one after those is packed while they are on their way.
        """
        back: list[Sent] = []
        reason: str | None = None
        while True:
            if reason is None and self.channel.is_wanted():
                back += self._seen(crew.drain(), tally)
                self._write(back, [])
                back, reason = [], tally.reason or self._give_way()
            if reason is None and tally.jobs >= self.connector.open_jobs:
                back += self._seen(crew.drain(), tally)
                self._write(back, [])
                back, reason = [], tally.reason or self._follow(self.connector.open_jobs)
                tally.jobs = open_jobs.count(self.ledger.engine, self.sync)
            room = crew.room
            if tally.jobs:
                room = min(room, self.connector.open_jobs - tally.jobs - crew.on_their_way)
            going = batches(max(room, 0)) if reason is None else []
            self._write(back, going)
            if not going and not crew.on_their_way:
                return reason
            crew.start(going)
            pack_one()
            back = self._seen(crew.wait(), tally)
            reason = reason or tally.reason
            if crew.failure is not None:
                self._write(back + self._seen(crew.drain(), tally), [])
                raise crew.failure

    def _numbered(
        self, packed: Iterator[tuple[Limits, list[Row]]], numbers: Iterator[int]
    ) -> Iterator[Batch]:
        """Batches as they go; those that came back untried go before new ones."""
        while True:
            lane, rows = self._untried.popleft() if self._untried else next(packed, (None, []))
            if lane is None:
                return
            yield Batch(next(numbers), lane, rows)

    def _seen(self, sent: list[Sent], tally: _Tally) -> list[Sent]:
        for one in sent:
            tally.add(one)
            self._keep(one)
            if not one.has_set_out:
                self._untried.append((one.batch.lane, one.batch.rows))
            if one.stop is not None and tally.reason is None:
                tally.reason = self._clean(str(one.stop))
        return sent

    def _keep(self, sent: Sent) -> None:
        """Remember the rows of a batch that is one job: most reports come soon, and need not read them back."""
        handles = {outcome.job for outcome in sent.outcomes}
        if len(handles) != 1 or None in handles:
            return
        kept = sum(len(part) for part in self._submitted.values())
        if kept + len(sent.batch.rows) <= MOST_KEPT:
            key = (self.run_id, sent.batch.number, str(handles.pop()))
            self._submitted[key] = tuple(sent.batch.rows)

    def _write(self, back: Sequence[Sent], going: Sequence[Batch]) -> None:
        if back or going:
            safe = self.connector.replay_safe
            self.ledger.turn(self.lease, self.run_id, back, going, through_power_cut=not safe)

    def _give_way(self) -> str | None:
        try:
            self.channel.give_way()
        except BudgetError as error:
            return str(error)
        return None

    def _follow(self, fewer_than: int) -> str | None:
        """Wait for jobs until fewer than so many are open; returns why it had to give up, which loses nothing."""
        try:
            self.jobs.wait(fewer_than)
        except BudgetError:
            return STILL_OPEN
        except (StopError, UnavailableError) as error:
            return self._clean(str(error))
        return None

    def _batches(self, rows: Iterable[Row], total: int) -> Iterator[tuple[Limits, list[Row]]]:
        """Rows packed by lane, below its row and byte limits; a row that fits nowhere is rejected here."""
        open_packs: dict[str, _Pack] = {}
        lane_of, measure = self.connector.lane, self.connector.measure
        most = self.connector.row_bytes.get(self.connector.target.object, sys.maxsize)
        for row in rows:
            lane = lane_of(row, total)
            size = measure(row) + 1
            room = lane.max_bytes - lane.envelope_bytes
            if size > room or size - 1 > most:
                limit = f"{most:,} one may take" if most < room else f"{room:,} a request can hold"
                message = f"the row takes {size:,} bytes, more than the {limit}"
                self._resolve([Outcome(row.seq, "rejected", code="too_large", message=message)])
                continue
            pack = open_packs.get(lane.name)
            if pack is None:
                pack = open_packs[lane.name] = _Pack(lane)
            if len(pack.rows) == lane.max_rows or pack.size + size > room:
                yield lane, pack.rows
                pack = open_packs[lane.name] = _Pack(lane)
            pack.rows.append(row)
            pack.size += size
        for pack in open_packs.values():
            yield pack.lane, pack.rows

    def _sent(self, batch: Batch) -> Sent:
        """Send one batch, in whatever thread; an ActivationError that concerns more than its rows is its `stop`."""
        found: dict[int, Outcome] = {}
        stop: ActivationError | None = None
        try:
            sending.send(self.connector, self.channel, batch.lane, batch.rows, found)
        except (StopError, BudgetError, UnavailableError, InDoubtError) as error:
            reason = redact.shared(str(error), self.connector.secrets, batch.rows) or ""
            error.args = (reason,)
            stop = None if isinstance(error, InDoubtError) else error
            for row in batch.rows:
                found.setdefault(row.seq, Outcome(row.seq, "deferred", message=reason))
        self.connector.forget(batch.rows)
        outcomes = self._redacted([found[row.seq] for row in batch.rows], batch.rows)
        return Sent(batch, outcomes, self.channel.attempts(), stop)

    def _suppress(self) -> None:
        """A message goes out once, whatever the warehouse remembers."""
        sent = self.ledger.sent_before(self.sync, self.run_id)
        if not sent:
            return
        again = [
            r["seq"] for r in self.ledger.rows(self.run_id, ["planned"]) if r["key_hash"] in sent
        ]
        self._resolve(
            [Outcome(seq, "suppressed", code="sent_before", message=SENT_BEFORE) for seq in again]
        )

    def _resolve(self, outcomes: Sequence[Outcome]) -> None:
        self.ledger.resolve(self.lease, self.run_id, outcomes)

    def _clean(self, text: str) -> str:
        return redact.text(text, self.connector.secrets) or ""

    def _redacted(self, outcomes: Sequence[Outcome], rows: Sequence[Row]) -> list[Outcome]:
        """The outcomes without rows' values: what is said of several rows may quote any of them."""
        secrets = self.connector.secrets
        messages = {outcome.message for outcome in outcomes}
        if len(messages) > MOST_SHARED:
            return [
                one._replace(message=redact.text(one.message, secrets, row.payload.values()))
                for one, row in zip(outcomes, rows, strict=True)
            ]
        clean = {message: redact.shared(message, secrets, rows) for message in messages}
        return [
            one._replace(message=clean[one.message]) if one.message else one for one in outcomes
        ]


def interrupt(ledger: Ledger, lease: Lease, run_id: str, replay_safe: bool, *, again: bool) -> None:
    """Settle the fate of rows that were in flight when their process ended.

    Where repeating is harmless they are planned `again`, or left to the next plan; elsewhere they are in doubt.
    """
    state = "in_doubt" if not replay_safe else "planned" if again else "deferred"
    ledger.release(lease, run_id, ["in_flight"], INTERRUPTED, state)


def abandon(ledger: Ledger, lease: Lease, run_id: str, replay_safe: bool) -> None:
    """Close a run that was interrupted: what was not delivered is left to the next plan, which knows newer values."""
    interrupt(ledger, lease, run_id, replay_safe, again=False)
    ledger.release(lease, run_id, ["planned"], INTERRUPTED, "deferred")
    ledger.finish(run_id, INTERRUPTED)


def reconcile(
    ledger: Ledger, lease: Lease, connector: Connector, channel: Channel, sync: str
) -> int:
    """Ask the vendor about every row in doubt; returns how many are known now.

    What the vendor does not have `quiet_seconds` after the attempt never arrived and may be planned again.
    """
    known = 0
    quiet = timedelta(seconds=connector.quiet_seconds / connector.rate_scale)
    for record in ledger.in_doubt(sync):
        row, attempted_at = row_of(record), clock.aware(record["attempted_at"])
        try:
            outcome = connector.reconcile(channel, row, attempted_at)
        except (NotImplementedError, InDoubtError, RefusedError):
            continue
        except (StopError, BudgetError, UnavailableError):
            break
        if outcome is None and clock.now() - attempted_at > quiet:
            outcome = Outcome(row.seq, "deferred", message="the destination never received it")
        if outcome is not None:
            ledger.resolve(lease, record["run_id"], [outcome])
            ledger.recount(record["run_id"])
            known += 1
    channel.attempts()
    return known
