"""The tables that activations keep in the warehouse, created on first use."""

from __future__ import annotations

import duckdb

from warehouse.internal import TABLES as PLATFORM_TABLES
from warehouse.internal import make_tables

RECEIPTS = "raw_activations.receipts"
OPT_OUTS = "raw_activations.opt_outs"
WITHHELD = "raw_activations.withheld"
CHOICES = "raw_activations.choices"
OUTBOX = "activations.outbox"
TABLES = {
    # One row per sync and key: the version that the destination accepted last.
    "activations.acknowledged": """
        sync varchar, key varchar, key_hash varchar, row_hash varchar, mapping varchar,
        column_hashes varchar, remembered varchar, vendor_id varchar, run_id varchar,
        planned_at timestamp, acknowledged_at timestamp, quick_hash ubigint""",
    # One row per sync and key that was rejected, is in doubt or in a job: when to try again, or why not.
    "activations.retries": """
        sync varchar, key varchar, row_hash varchar, state varchar, attempts bigint,
        next_attempt_at timestamp, code varchar, message varchar, run_id varchar,
        planned_at timestamp""",
    # One row per plan that was not a mere dry run.
    "activations.plans": """
        plan_id varchar, sync varchar, destination varchar, object varchar, mode varchar,
        as_of timestamp, planned_at timestamp, state varchar, reason varchar, rows_in bigint,
        creates bigint, updates bigint, removes bigint, unchanged bigint, invalid bigint,
        waiting bigint, parked bigint, in_doubt bigint, requests bigint, minutes double,
        delivered bigint, rejected bigint, deferred bigint, suppressed bigint, submitted bigint,
        held bigint, changed_columns varchar, billed double, billed_unit varchar, gate varchar,
        definition varchar, approved_at timestamp, approved_by varchar""",
    # One row per row of a plan that is not unchanged; kept for the newest plans of each sync.
    "activations.plan_rows": """
        plan_id varchar, seq bigint, operation varchar, key varchar, key_hash varchar,
        contact_id varchar, row_hash varchar, mapping varchar, column_hashes varchar,
        changed_columns varchar[], payload varchar, remembered varchar, before varchar,
        vendor_id varchar, attempt bigint, reason varchar, wish varchar, quick_hash ubigint""",
    # One row per alert of a sync, from the run that began it to the one that ended it.
    "activations.alerts": """
        alert_id varchar, sync varchar, destination varchar, kind varchar, began_at timestamp,
        began_plan varchar, ended_at timestamp, ended_plan varchar, value double, threshold double,
        words varchar, ended_words varchar""",
    RECEIPTS: PLATFORM_TABLES[RECEIPTS],
    OUTBOX: PLATFORM_TABLES[OUTBOX],
    # One row per decision that changed what happens to a message; only ever added to.
    "activations.outbox_decisions": """
        message_id varchar, as_of timestamp, decision varchar, reason varchar, facts varchar,
        decided_at timestamp""",
    OPT_OUTS: PLATFORM_TABLES[OPT_OUTS],
    WITHHELD: PLATFORM_TABLES[WITHHELD],
    CHOICES: PLATFORM_TABLES[CHOICES],
    # Receipts take the next number of the row that loads are numbered by.
    "landing.files": PLATFORM_TABLES["landing.files"],
}


def ensure(con: duckdb.DuckDBPyConnection) -> None:
    """Create the tables that do not exist yet, and the columns that older installations lack."""
    make_tables(con, TABLES)
