"""Delivers a run from the ledger, batch by batch; never touches the warehouse and can be killed at any instant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from activations import redact
from activations.channel import Channel, json_bytes
from activations.connector import Connector, Limits, Outcome, Row, State
from activations.errors import (
    ActivationError,
    BudgetError,
    InDoubtError,
    LedgerError,
    RefusedError,
    StopError,
    TooLargeError,
    UnavailableError,
)
from activations.follow import STILL_OPEN, Follower
from activations.leases import Lease
from activations.ledger import Ledger
from activations.rows import row_of
from warehouse import clock

Progress = Callable[[int, int], None]
DOUBTS_IN_A_ROW = 3  # after so many sends without an answer the rest waits for a better day
UNREPORTED = "the destination reported nothing about this row"
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
class Engine:
    """Delivers one run of one sync; `lease` is the sync's."""

    ledger: Ledger
    lease: Lease
    connector: Connector
    channel: Channel
    run_id: str
    sync: str
    progress: Progress | None = None

    @property
    def jobs(self) -> Follower:
        """What looks after the sync's jobs."""
        return Follower(self.ledger, self.lease, self.connector, self.channel, self.sync)

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
        done, doubts = 0, 0
        first = self.ledger.next_batch(self.run_id)
        try:
            self.connector.prepare(self.channel)
        except (StopError, BudgetError, UnavailableError, InDoubtError, RefusedError) as error:
            return self._clean(str(error))
        self.channel.attempts()
        rows = (row_of(record) for record in self.ledger.rows(self.run_id, ["planned"]))
        for number, (lane, batch) in enumerate(self._batches(rows, total), first):
            try:
                self.channel.give_way()
            except BudgetError as error:
                return str(error)
            stop, outcomes = self._batch(number, lane, batch)
            done += len(batch)
            if self.progress:
                self.progress(done, total)
            is_doubt = any(outcome.state == "in_doubt" for outcome in outcomes)
            doubts = doubts + 1 if is_doubt else 0
            if stop is None and doubts == DOUBTS_IN_A_ROW:
                return f"{doubts} sends in a row got no answer; the rest waits"
            if stop is not None:
                return self._clean(str(stop))
            has_jobs = any(outcome.state == "submitted" for outcome in outcomes)
            if has_jobs and (reason := self._follow(self.connector.open_jobs)):
                return reason
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
        for row in rows:
            lane = self.connector.lane(row, total)
            size = len(json_bytes(self.connector.encode(row))) + 1
            room = lane.max_bytes - lane.envelope_bytes
            if size > room:
                message = f"the row takes {size:,} bytes, more than the {room:,} a request can hold"
                self._resolve([Outcome(row.seq, "rejected", code="too_large", message=message)])
                continue
            pack = open_packs.setdefault(lane.name, _Pack(lane))
            if len(pack.rows) == lane.max_rows or pack.size + size > room:
                yield lane, pack.rows
                pack = open_packs[lane.name] = _Pack(lane)
            pack.rows.append(row)
            pack.size += size
        for pack in open_packs.values():
            yield pack.lane, pack.rows

    def _batch(
        self, number: int, lane: Limits, rows: Sequence[Row]
    ) -> tuple[ActivationError | None, list[Outcome]]:
        """One batch from intent to record; returns the error that must stop the run, if any, and the outcomes."""
        self.ledger.intend(self.lease, self.run_id, number, lane, [row.seq for row in rows])
        found: dict[int, Outcome] = {}
        stop: ActivationError | None = None
        try:
            self._send(lane, rows, found)
        except (StopError, BudgetError, UnavailableError, InDoubtError) as error:
            reason = str(error)
            stop = None if isinstance(error, InDoubtError) else error
            for row in rows:
                found.setdefault(row.seq, Outcome(row.seq, "deferred", message=reason))
        outcomes = [self._redacted(found[row.seq], row) for row in rows]
        self.ledger.record(self.lease, self.run_id, number, outcomes, self.channel.attempts())
        return stop, outcomes

    def _send(
        self,
        lane: Limits,
        rows: Sequence[Row],
        found: dict[int, Outcome],
        *,
        was_halved: bool = False,
    ) -> None:
        """Send rows; when the whole request is refused for one row's sake, find that row by halving."""
        mine = {row.seq for row in rows}
        unknown: State = "deferred" if self.connector.replay_safe else "in_doubt"
        try:
            for outcome in understood(self.connector, self.channel, lane, rows):
                if outcome.seq not in mine:
                    raise LedgerError(
                        f"{self.connector.name} reported on a row that was not in its batch"
                    )
                found[outcome.seq] = outcome
            for seq in mine:
                found.setdefault(seq, Outcome(seq, unknown, message=UNREPORTED))
        except InDoubtError as error:
            for seq in mine:
                found.setdefault(seq, Outcome(seq, unknown, message=str(error)))
            raise
        except RefusedError as error:
            left = [row for row in rows if row.seq not in found]
            named = {
                rows[place].seq: words for place, words in error.rows.items() if place < len(rows)
            }
            if len(left) == 1 or (isinstance(error, TooLargeError) and was_halved):
                named = {row.seq: error.message for row in left}
            for seq, words in named.items():
                found[seq] = Outcome(seq, "rejected", code=error.code, message=words)
            others = [row for row in left if row.seq not in found]
            if named and others:
                self._send(lane, others, found, was_halved=was_halved)
            elif others:
                middle = (len(others) + 1) // 2
                for half in (others[:middle], others[middle:]):
                    self._send(lane, half, found, was_halved=isinstance(error, TooLargeError))

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

    def _redacted(self, outcome: Outcome, row: Row) -> Outcome:
        message = redact.text(outcome.message, self.connector.secrets, row.payload.values())
        return replace(outcome, message=message)


def understood(
    connector: Connector, channel: Channel, lane: Limits, rows: Sequence[Row]
) -> Iterator[Outcome]:
    """The connector's outcomes; an answer in a shape it does not know leaves the rest in doubt."""
    try:
        yield from connector.send(channel, lane, rows)
    except (LookupError, TypeError, ValueError) as error:
        message = (
            f"{connector.name}: an answer in an unexpected shape ({type(error).__name__}: {error})"
        )
        raise InDoubtError(message) from error


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
