"""The tables that the platform itself keeps (not dbt, not a source's files), created empty on first use."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import duckdb

from warehouse import made
from warehouse.clock import naive
from warehouse.contract import SYSTEM_COLUMNS, Contract
from warehouse.dialect import ident

TABLES = {
    # One row per landing file that was read to its end or found unreadable; `file_id` is its content's sha256.
    "landing.files": """
        file_id varchar, source varchar, table_name varchar, path varchar, format varchar,
        file_bytes bigint, modified_ns bigint, status varchar, message varchar,
        rows_read bigint, rows_loaded bigint, rows_quarantined bigint, batch bigint,
        loaded_at timestamp""",
    # One row per line of a landing file that could not be loaded, with the text as it came.
    "landing.quarantine": """
        file_id varchar, source varchar, table_name varchar, path varchar, line bigint,
        column_name varchar, reason varchar, original varchar, batch bigint,
        quarantined_at timestamp""",
    # One row: the moment that models take for now.
    "raw_millrace.clock": "as_of timestamp",
    # One row per erased address: a keyed hash, never the address.
    "raw_millrace.erasures": """
        erasure_id varchar, address_hash varchar, channel varchar, erased_at timestamp,
        reason varchar""",
    # One row per erased address that a later load brought back.
    "raw_millrace.erased_addresses": """
        address varchar, channel varchar, erased_at timestamp, batch bigint""",
    # One row per source table: the newest batch in which erased addresses were looked for.
    "raw_millrace.erasure_progress": "source varchar, table_name varchar, batch bigint",
    # One row per dbt build that succeeded for a source or model: what it had seen.
    "landing.built": "name varchar, fingerprint varchar, built_at timestamp",
    "ml.predictions": """
        model varchar, version varchar, entity_id varchar, as_of timestamp, value double,
        is_fallback boolean, fallback_reason varchar, reasons json, low double, high double""",
    "ml.model_metrics": """
        model varchar, version varchar, as_of timestamp, cohort varchar, candidate varchar,
        metric varchar, value double""",
    "ml.model_registry": """
        model varchar, version varchar, as_of timestamp, is_promoted boolean, verdict varchar,
        artifact varchar, trained_rows bigint, positives bigint, window_start timestamp,
        window_end timestamp, features json, params json""",
    # One row per model, moment and watch: what was seen, and whether syncs that read the score are held back by it.
    "ml.monitors": """
        model varchar, version varchar, as_of timestamp, monitor varchar, is_held boolean,
        is_well boolean, value double, seen varchar, accepted_by varchar, accepted_at timestamp""",
    "ml.calibration_bins": """
        model varchar, version varchar, as_of timestamp, bin bigint, predicted_mean double,
        observed_rate double, row_count bigint""",
    # One row per contact: how good each local hour is for a message to them; the row without a contact is everyone's.
    "ml.send_curves": """
        contact_id varchar, version varchar, as_of timestamp, level varchar,
        hour_values float[]""",
    # One row per weekday (Monday 1) by which `hour_values` are multiplied; none where weekdays did not prove to differ.
    "ml.send_weekdays": """
        local_weekday bigint, version varchar, as_of timestamp, hour_factors float[]""",
    # One row per contact and message with variants: what the content model drew, and every variant's chance.
    "ml.variant_choices": """
        contact_id varchar, message varchar, version varchar, as_of timestamp, options varchar,
        propensities varchar, variant varchar, propensity double, is_explore boolean,
        is_control boolean, reason varchar""",
    "raw_activations.receipts": """
        receipt_id varchar, sync varchar, run_id varchar, entity_key_hash varchar,
        contact_id varchar, operation varchar, outcome varchar, vendor_id varchar, code varchar,
        message varchar, attempted_at timestamp, destination varchar, object varchar, mode varchar,
        channel varchar, campaign varchar, planned_at timestamp, received_at timestamp,
        batch bigint""",
    # One row per message and kind of choice (time, variant), made once: all options, their chances, the chosen one.
    "raw_activations.choices": """
        choice_id varchar, message_id varchar, contact_id varchar, source varchar,
        source_name varchar, step_id varchar, channel varchar, message varchar, kind varchar,
        options varchar, propensities varchar, chosen varchar, propensity double,
        is_explore boolean, is_control boolean, reason varchar, policy varchar,
        policy_version varchar, scheduled_at timestamp, decided_at timestamp, batch bigint""",
    # One row per answer by which a destination said that an address must not be written to any more.
    "raw_activations.opt_outs": """
        receipt_id varchar, sync varchar, destination varchar, address varchar, channel varchar,
        status varchar, code varchar, occurred_at timestamp, batch bigint""",
    # One row per intended message, whoever proposed it; what the columns mean is in docs/concepts/messages.md.
    "activations.outbox": """
        message_id varchar, source varchar, source_name varchar, enrollment_id varchar,
        step_id varchar, visit bigint, contact_id varchar, address varchar, channel varchar,
        message varchar, variant varchar, purpose varchar, priority bigint, value double,
        due_at timestamp, expires_at timestamp, zone varchar, on_cap varchar, data varchar,
        propensity double, planned_at timestamp, state varchar, reason varchar, state_at timestamp,
        send_at timestamp, destination varchar, vendor_id varchar, segments bigint, cost double,
        held_at timestamp, cancel_requested_at timestamp, cancel_reason varchar,
        choose_until timestamp, explore double, variants varchar""",
    # One row per contact whom a plan held back, sync and reason, while it does.
    "raw_activations.withheld": """
        withheld_id varchar, sync varchar, destination varchar, object varchar, mode varchar,
        channel varchar, entity_key_hash varchar, contact_id varchar, state varchar,
        reason varchar, withheld_at timestamp, ended_at timestamp""",
    # What reports read of journeys' state; what the tables hold is in activations/journeys/tables.py.
    "journeys.nodes": """
        node bigint, journey varchar, version varchar, step_id varchar, kind varchar,
        ordinal integer""",
    "journeys.enrollments": """
        enrollment_no bigint, enrollment_id varchar, journey varchar, version varchar,
        contact_id varchar, entry_key varchar, trigger_key varchar, data varchar,
        entered_at timestamp, enrolled_at timestamp, status varchar, reason varchar,
        ended_at timestamp""",
    "journeys.positions": """
        enrollment_no bigint, contact_id varchar, enrollment_id varchar, entered_at timestamp,
        entry_key varchar, node bigint, visit integer, state tinyint, arrived_at timestamp,
        due_at timestamp, deadline timestamp, moves integer, moves_on date, stood bigint""",
    "journeys.transitions": """
        enrollment_no bigint, node bigint, visit integer, tick_at timestamp, round integer,
        left_at timestamp, branch varchar, condition varchar, inputs varchar, propensity double,
        event_at timestamp""",
    "journeys.assignments": """
        journey varchar, split varchar, contact_id varchar, arm varchar, propensity double,
        assigned_at timestamp""",
    "journeys.winners": """
        journey varchar, split varchar, arm varchar, evidence varchar, decided_at timestamp""",
    # One row per message of the next days, and per day of the last ones: what the last looks found.
    "journeys.ahead": """
        journey varchar, step_id varchar, message varchar, channel varchar, contact_id varchar,
        state varchar, reason varchar, due_at timestamp, send_at timestamp, as_of timestamp""",
    "journeys.backtests": """
        journey varchar, step_id varchar, message varchar, channel varchar, state varchar,
        reason varchar, day date, message_count bigint, as_of timestamp""",
    "journeys.achievements": """
        enrollment_no bigint, journey varchar, contact_id varchar, goal varchar, outcome varchar,
        achieved_at timestamp, tick_at timestamp""",
}


def ensure(con: duckdb.DuckDBPyConnection, contracts: dict[str, Contract]) -> None:
    """Create every internal table and every contracted raw table that does not exist yet."""
    make_tables(con, TABLES)
    present = columns_of(con, {contract.schema for contract in contracts.values()})
    for contract in contracts.values():
        columns = present.get((contract.schema, contract.table))
        if columns is None:
            con.execute(f"create schema if not exists {ident(contract.schema)}")
            con.execute(
                f"create table {ident(contract.schema, contract.table)} ({raw_columns(contract)})"
            )
            continue
        # A contract that has grown: earlier rows have no value there.
        for field in contract.fields:
            if field.name not in columns:
                con.execute(
                    f"alter table {ident(contract.schema, contract.table)} "
                    f"add column {ident(field.name)} {field.data_type}"
                )


def make_tables(con: duckdb.DuckDBPyConnection, tables: Mapping[str, str]) -> None:
    """Create the tables (`schema.name`: columns) that do not exist yet, and the columns that older ones lack.

    Looks once for all of them, and once per connection: a run asks for them hundreds of times.
    """
    if made.known(con, tables):
        return
    present = columns_of(con, {name.split(".")[0] for name in tables})
    for name, ddl in tables.items():
        schema, table = name.split(".")
        if (schema, table) not in present:
            con.execute(f"create schema if not exists {ident(schema)}")
            con.execute(f"create table {ident(schema, table)} ({ddl})")
            continue
        for column in ddl.split(","):
            title, data_type = column.split(maxsplit=1)
            if title not in present[schema, table]:
                con.execute(f"alter table {ident(schema, table)} add column {title} {data_type}")
    made.note(con, tables)


def columns_of(
    con: duckdb.DuckDBPyConnection, schemas: Collection[str]
) -> dict[tuple[str, str], list[str]]:
    """The columns of every table in `schemas`, in their order, by schema and name."""
    # Asked for at every hold: the function beneath `information_schema` takes half the time.
    rows = con.execute(
        "select schema_name, table_name, column_name from duckdb_columns() "
        "where database_name = current_database() and list_contains(?, schema_name) "
        "order by schema_name, table_name, column_index",
        [sorted(schemas)],
    ).fetchall()
    found: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in rows:
        found.setdefault((schema, table), []).append(column)
    return found


def raw_columns(contract: Contract) -> str:
    """The column definitions of a contract's raw table."""
    promised = [f"{ident(field.name)} {field.data_type}" for field in contract.fields]
    ours = [f"{ident(name)} {kind}" for name, kind in SYSTEM_COLUMNS.items()]
    return ", ".join(promised + ours)


def set_clock(con: duckdb.DuckDBPyConnection, as_of: datetime) -> bool:
    """Make `as_of` the models' now; returns whether that changed anything."""
    moment = naive(as_of)
    current = con.execute("select as_of from raw_millrace.clock").fetchall()
    if current == [(moment,)]:
        return False
    con.execute("delete from raw_millrace.clock")
    con.execute("insert into raw_millrace.clock values (?)", [moment])
    return True
