"""The state of all journeys in the warehouse, schema `journeys`, created on first use.

`enrollments`, `transitions` and `triggered` only grow; `positions` holds one compact row per active enrollment.
"""

from __future__ import annotations

import duckdb

from activations import tables as shared
from warehouse import made
from warehouse.dialect import ident
from warehouse.internal import TABLES as PLATFORM_TABLES
from warehouse.internal import columns_of

SCHEMA = "journeys"
TABLES = {
    # One row per journey: which version runs, whether it is paused or broken, and how far it has read.
    "control": """journey varchar, version varchar, state varchar, published_at timestamp, seen_at timestamp,
        batch bigint, paused_at timestamp, resumed_at timestamp, error varchar""",
    # One row per published version.
    "versions": "journey varchar, version varchar, definition varchar, published_at timestamp, plan varchar",
    # One row per step of a published version; `node` is what the other tables carry.
    "nodes": PLATFORM_TABLES["journeys.nodes"],
    # One row per stay of a contact in a journey.
    "enrollments": PLATFORM_TABLES["journeys.enrollments"],
    # One row per active enrollment. state: 0 arriving, 1 waiting, 2 waiting for its message to be decided; `stood`:
    # for how many seconds its wait stood still while the journey was paused (null: never).
    "positions": PLATFORM_TABLES["journeys.positions"],
    # One row per step that an enrollment left: which way, when, and the values that decided.
    "transitions": PLATFORM_TABLES["journeys.transitions"],
    # One row per trigger that a journey considered, and what it decided.
    "triggered": """journey varchar, trigger_key varchar, contact_id varchar, occurred_at timestamp,
        tick_at timestamp, decision varchar""",
    # One row per trigger and contact for whom its condition holds, or with the value it had.
    "truths": "journey varchar, trigger_no integer, contact_id varchar, held varchar",
    # One row per enrollment and step on a loop: how often it came by.
    "visits": "enrollment_no bigint, node bigint, visits integer",
    # One row per contact and split.
    "assignments": PLATFORM_TABLES["journeys.assignments"],
    # One row per decided split, with the counts it was decided by.
    "winners": PLATFORM_TABLES["journeys.winners"],
    # One row per enrollment and goal that was achieved or skipped.
    "achievements": PLATFORM_TABLES["journeys.achievements"],
    # One row per wait that took its timer although the event had happened in time, but came too late.
    "late_events": """enrollment_no bigint, node bigint, visit integer, deadline timestamp, event_at timestamp,
        seen_at timestamp, inputs varchar""",
    # One row per wait that ran out lately: an event may still come that happened before its deadline.
    "timeouts": """enrollment_no bigint, contact_id varchar, enrollment_id varchar, entered_at timestamp,
        entry_key varchar, node bigint, visit integer, arrived_at timestamp, deadline timestamp""",
    # One row per enrollment that stands still because a value is broken.
    "quarantine": """enrollment_no bigint, journey varchar, contact_id varchar, step_id varchar, reason varchar,
        seen_at timestamp, released_at timestamp""",
    # One row per deal, task, notification, call or update that a step asked for.
    "actions": """action_id varchar, journey varchar, enrollment_id varchar, step_id varchar, visit integer,
        contact_id varchar, kind varchar, destination varchar, payload varchar, planned_at timestamp""",
    # One row per action that was looked at for delivery: what became of it, and the row of a sync that it is.
    "action_states": """action_id varchar, contact_id varchar, state varchar, reason varchar, state_at timestamp,
        sync varchar, key varchar, row_hash varchar, destination varchar, owner varchar, vendor_id varchar""",
    # One row per change of an action's state; only ever added to.
    "action_decisions": """action_id varchar, contact_id varchar, as_of timestamp, state varchar,
        reason varchar""",
    # One row per stay that asked for an owner by turns, and list of owners.
    "turns": """journey varchar, owners varchar, enrollment_id varchar, turn bigint, owner varchar,
        asked_at timestamp""",
    # One row per message of the next days if nothing new happens, as last looked ahead.
    "ahead": PLATFORM_TABLES["journeys.ahead"],
    # One row per step, message, day, state and reason of the last backtest of all journeys.
    "backtests": PLATFORM_TABLES["journeys.backtests"],
    # One row per wish of a step or a person that a contact enter or leave a journey, until the next tick.
    "requests": """journey varchar, wish varchar, contact_id varchar, request_key varchar,
        requested_at timestamp, handled_at timestamp""",
    # One row per tick: the moment, how far it read, and what it did.
    "ticks": """as_of timestamp, batch bigint, builds varchar, enrolled bigint, moved bigint, proposed bigint,
        ended bigint, quarantined bigint, ties bigint""",
}


def ensure(con: duckdb.DuckDBPyConnection) -> None:
    """Create what does not exist yet, the outbox among it; looks once per connection."""
    shared.ensure(con)
    if made.known(con, TABLES):
        return
    con.execute(f"create schema if not exists {ident(SCHEMA)}")
    present = columns_of(con, {SCHEMA})
    for name, columns in TABLES.items():
        if (SCHEMA, name) in present:
            _renew(con, name, columns, present[SCHEMA, name])
        else:
            con.execute(f"create table {ident(SCHEMA, name)} ({columns})")
    con.execute(HISTORY)
    made.note(con, TABLES)


def _renew(con: duckdb.DuckDBPyConnection, name: str, columns: str, present: list[str]) -> None:
    """A table of an older installation gets the columns of today, in their order; what it lacked is null."""
    wanted = [part.split()[0] for part in columns.split(",")]
    table = ident(SCHEMA, name)
    if present == wanted:
        return
    kept = ", ".join(ident(column) for column in wanted if column in present)
    con.execute(f"drop view if exists {ident(SCHEMA, 'history')}")
    con.execute(f"create or replace table {ident(SCHEMA, name + '_new')} ({columns})")
    con.execute(f"insert into {ident(SCHEMA, name + '_new')} ({kept}) select {kept} from {table}")
    con.execute(f"drop table {table}")
    con.execute(f"alter table {ident(SCHEMA, name + '_new')} rename to {ident(name)}")


def t(name: str) -> str:
    """The quoted name of a state table."""
    return ident(SCHEMA, name)


HISTORY = f"""
create or replace view {ident(SCHEMA, "history")} as
select e.journey, n.version, e.enrollment_id, e.contact_id, n.step_id, n.kind, x.visit, x.branch, x.left_at,
    x.tick_at, x.round, x.condition, x.inputs, x.propensity, x.event_at, x.enrollment_no, n.ordinal
from {ident(SCHEMA, "transitions")} as x
inner join {ident(SCHEMA, "enrollments")} as e on x.enrollment_no = e.enrollment_no
inner join {ident(SCHEMA, "nodes")} as n on x.node = n.node
"""
