"""Runs a sync: settles what an earlier run left, plans, delivers, settles; what orchestration calls."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
from requests.adapters import BaseAdapter

from activations import deliver as delivering
from activations import destinations, leases, open_jobs, redact, summary, way_out
from activations import plan as planning
from activations import settle as settling
from activations.channel import Channel
from activations.connector import Connector
from activations.deliver import Delivery, Engine, Progress
from activations.errors import (
    BudgetError,
    CredentialsError,
    LeaseError,
    StopError,
    UnavailableError,
)
from activations.follow import Follower
from activations.leases import Lease
from activations.ledger import Ledger, open_ledger
from activations.pace import Timer
from activations.plan import Plan
from activations.rows import intents
from activations.settle import Settlement
from activations.syncs import Sync
from warehouse import clock
from warehouse.connection import connect
from warehouse.manifest import Manifest
from warehouse.settings import Settings


@dataclass(frozen=True)
class Tools:
    """What a test brings of its own: time, the transport that requests go through, how many go at once."""

    timer: Timer = dataclasses.field(default_factory=Timer)
    adapter: BaseAdapter | None = None
    parallel: int | None = (
        None  # at most so many requests at once; None = as many as the vendor allows
    )


@dataclass(frozen=True)
class SyncResult:
    """What one run of a sync did; `reason` says why it sent nothing or stopped early."""

    sync: str
    plan: Plan | None
    counts: Mapping[str, int]
    run_id: str | None = None
    requests: int = 0
    reason: str | None = None

    @property
    def is_blocked(self) -> bool:
        """Whether the guards stopped it."""
        return self.plan is not None and self.plan.is_blocked

    @property
    def summary(self) -> str:
        """One line for a log."""
        text = summary.line(self.counts)
        return f"{text} ({self.reason})" if self.reason else text


def plan(settings: Settings, sync: Sync, as_of: datetime, *, override: bool = False) -> Plan:
    """Plan `sync` and write its intents to the ledger; `deliver(settings, plan.plan_id, …)` sends them.

    Raises DefinitionError, or LeaseError while another process works on the sync.
    """
    with _held(settings, sync, as_of, {}, Tools()) as held:
        held.clear()
        return held.plan(override, Hooks())


def deliver(
    settings: Settings,
    plan_id: str,
    environ: Mapping[str, str],
    *,
    progress: Progress | None = None,
    tools: Tools | None = None,
) -> Delivery:
    """Deliver a plan, or go on with one that was interrupted. Needs no warehouse.

    Raises LedgerError for an unknown plan, CredentialsError, or LeaseError.
    """
    used = tools or Tools()
    with open_ledger(settings) as ledger:
        run = ledger.run(plan_id)
        with leases.hold(ledger.engine, run["sync"], used.timer) as lease:
            connector = way_out.connector_of(run, environ, clock.as_of(settings), used.timer)
            return _deliver(ledger, lease, run, connector, used, progress)


def settle(settings: Settings, as_of: datetime) -> Settlement:
    """Bring every outcome that the ledger holds home to the warehouse. `as_of` changes nothing: outcomes are facts."""
    clock.naive(as_of)
    with open_ledger(settings) as ledger:
        return settling.settle(settings, ledger)


def run_sync(
    settings: Settings,
    manifest: Manifest,
    sync: Sync,
    as_of: datetime,
    environ: Mapping[str, str],
    dry_run: bool | None = None,
    *,
    override: bool = False,
    progress: Progress | None = None,
    tools: Tools | None = None,
) -> SyncResult:
    """Settle leftovers, plan, deliver, settle. `dry_run` None = what the sync says; `override` passes the guards once.

    A dry run writes nothing anywhere; a sync without credentials is planned (in the warehouse) but not delivered.
    Raises DefinitionError, and BusyError when the warehouse stays locked.
    """
    if sync.name not in manifest.models:
        raise KeyError(f"{sync.name} is not in the manifest")
    return run_made(
        settings, sync, as_of, environ, dry_run, override=override, progress=progress, tools=tools
    )


def run_made(
    settings: Settings,
    sync: Sync,
    as_of: datetime,
    environ: Mapping[str, str],
    dry_run: bool | None = None,
    *,
    override: bool = False,
    progress: Progress | None = None,
    tools: Tools | None = None,
) -> SyncResult:
    """Like `run_sync`, of a sync that no model declares: its relation is made by us."""
    used = tools or Tools()
    if sync.dry_run if dry_run is None else dry_run:
        return _planned_only(settings, sync, as_of, override, "dry run", store=False)
    try:
        destinations.connector(sync.destination)(
            environ, sync.target(), way_out.now(as_of, used.timer)
        )
    except CredentialsError as error:
        return _planned_only(settings, sync, as_of, override, f"dry run: {error}", store=True)
    return run_prepared(
        settings, sync, as_of, environ, override=override, progress=progress, tools=used
    )


@dataclass(frozen=True)
class Hooks:
    """What whoever prepares a sync's rows itself does on the way.

    `opened`: in the hold of the warehouse in which the plan is made, before it; `planned`: after it, before the plan
    enters the ledger.
    """

    opened: Callable[[duckdb.DuckDBPyConnection], None] = lambda _: None
    planned: Callable[[duckdb.DuckDBPyConnection, Plan], None] = lambda _con, _plan: None


Opening = Callable[[], AbstractContextManager[Channel]]


def clear_up(
    settings: Settings,
    sync: Sync,
    as_of: datetime,
    environ: Mapping[str, str],
    then: Callable[[Opening], None],
    *,
    tools: Tools | None = None,
) -> str | None:
    """Settle what earlier runs of a sync left, then call `then` before anybody else can; the reason if one is at it."""
    try:
        with _held(settings, sync, as_of, environ, tools or Tools()) as held:
            held.clear()
            held.ask()
            then(held.open)
    except LeaseError as error:
        return str(error)
    return None


def run_prepared(
    settings: Settings,
    sync: Sync,
    as_of: datetime,
    environ: Mapping[str, str],
    *,
    hooks: Hooks | None = None,
    override: bool = False,
    progress: Progress | None = None,
    tools: Tools | None = None,
) -> SyncResult:
    """`run_sync` of a sync that need not be a model of the manifest, without its dry runs.

    Raises DefinitionError, CredentialsError, and BusyError when the warehouse stays locked.
    """
    try:
        with _held(settings, sync, as_of, environ, tools or Tools()) as held:
            held.clear()
            held.ask()
            made = held.plan(override, hooks or Hooks())
            if made.is_blocked:
                return SyncResult(sync.name, made, _counts(made), reason=made.reason)
            outcome = held.deliver(made, progress)
            return SyncResult(
                sync.name,
                made,
                outcome.counts,
                made.plan_id,
                outcome.requests,
                outcome.reason or made.reason,
            )
    except LeaseError as error:
        return SyncResult(sync.name, None, {}, reason=str(error))


@dataclass(frozen=True)
class _Held:
    """A sync that nobody else works on meanwhile, and all that the parts of its run need."""

    settings: Settings
    ledger: Ledger
    lease: Lease
    sync: Sync
    as_of: datetime
    environ: Mapping[str, str]
    tools: Tools

    def clear(self) -> None:
        """Close what earlier runs of the sync left open, and bring its outcomes home."""
        for run in self.ledger.unfinished(self.sync.name):
            safe = destinations.connector(run["destination"]).replay_safe
            delivering.abandon(self.ledger, self.lease, run["run_id"], safe)
        self.settle()

    def ask(self) -> None:
        """Before new work: ask the vendor about doubts and open jobs of earlier runs, and bring the answers home."""
        ledger, lease, sync = self.ledger, self.lease, self.sync.name
        if not ledger.in_doubt(sync) and not open_jobs.listed(ledger.engine, sync):
            return
        # Whom the account keeps waiting, or who cannot reach it, plans all the same: open rows are left alone.
        with suppress(BudgetError, StopError, UnavailableError), self.open() as channel:
            delivering.reconcile(ledger, lease, channel.connector, channel, sync)
            Follower(ledger, lease, channel.connector, channel, sync).look()
        self.settle()

    def open(self) -> AbstractContextManager[Channel]:
        """A way out to the sync's account."""
        kind = destinations.connector(self.sync.destination)
        connector = kind(
            self.environ, self.sync.target(), way_out.now(self.as_of, self.tools.timer)
        )
        return way_out.channel(
            self.ledger,
            self.lease,
            connector,
            self.tools.timer,
            self.tools.adapter,
            self.sync.budget_seconds,
            leases.USUAL,
        )

    def plan(self, override: bool, hooks: Hooks) -> Plan:
        """Plan in one hold of the warehouse; what may go is in the ledger then."""
        key = redact.hash_key(self.settings)
        with connect(self.settings) as con:
            hooks.opened(con)
            made, rows = planning.make(con, self.sync, self.as_of, key, override=override)
            hooks.planned(con, made)
        if not made.is_blocked:
            self.ledger.begin(_run_row(made), intents(rows))
        return made

    def deliver(self, made: Plan, progress: Progress | None) -> Delivery:
        """Send what was planned, and bring the outcomes home."""
        run = self.ledger.run(made.plan_id)
        connector = way_out.connector_of(run, self.environ, self.as_of, self.tools.timer)
        outcome = _deliver(self.ledger, self.lease, run, connector, self.tools, progress)
        self.settle()
        return outcome

    def settle(self) -> None:
        """Bring the sync's outcomes home."""
        settling.settle(self.settings, self.ledger, self.sync.name)


@contextmanager
def _held(
    settings: Settings, sync: Sync, as_of: datetime, environ: Mapping[str, str], tools: Tools
) -> Iterator[_Held]:
    """Hold a sync until the block ends; raises LeaseError while another process does."""
    with (
        open_ledger(settings) as ledger,
        leases.hold(ledger.engine, sync.name, tools.timer) as lease,
    ):
        yield _Held(settings, ledger, lease, sync, as_of, environ, tools)


def _planned_only(
    settings: Settings, sync: Sync, as_of: datetime, override: bool, reason: str, *, store: bool
) -> SyncResult:
    with connect(settings) as con:
        made, _ = planning.make(
            con, sync, as_of, redact.hash_key(settings), store=store, override=override
        )
    made = dataclasses.replace(made, reason=made.reason or reason)
    return SyncResult(sync.name, made, _counts(made), reason=made.reason)


def _deliver(
    ledger: Ledger,
    lease: Lease,
    run: Mapping[str, Any],
    connector: Connector,
    tools: Tools,
    progress: Progress | None,
) -> Delivery:
    target = json.loads(run["target"])
    budget, priority = float(target["budget_seconds"]), int(target.get("priority", leases.USUAL))
    size = min(connector.parallel, tools.parallel or connector.parallel)
    with way_out.channel(
        ledger, lease, connector, tools.timer, tools.adapter, budget, priority
    ) as channel:
        engine = Engine(
            ledger, lease, connector, channel, run["run_id"], run["sync"], progress, size
        )
        return engine.run()


def _counts(made: Plan) -> dict[str, int]:
    return {"rows_in": made.rows_in, **made.counts}


def _run_row(made: Plan) -> dict[str, Any]:
    target = {
        **dataclasses.asdict(made.sync.target(made.columns)),
        "budget_seconds": made.sync.budget_seconds,
        "priority": made.priority,
    }
    return {
        "run_id": made.plan_id,
        "sync": made.sync.name,
        "destination": made.sync.destination,
        "target": json.dumps(target),
        "as_of": clock.naive(made.as_of),
        "planned_at": clock.naive(made.planned_at),
        "rows_in": made.rows_in,
        "unchanged": made.counts["unchanged"],
        "invalid": made.counts["invalid"],
        "planned_delivered": 0,
        "planned_suppressed": made.counts["suppressed"],
        "planned_rejected": made.counts["parked"],
        "planned_deferred": made.counts["waiting"] + made.counts["held"],
        "planned_in_doubt": made.counts["in_doubt"],
        "planned_submitted": made.counts["submitted"],
    }
