"""Puts alerts on record as they begin and end, and tells people through the delivery engine: Slack, a signed webhook.

`MILLRACE_ALERT_SLACK_CHANNEL` names the channel, `MILLRACE_ALERT_WEBHOOK_URL` the receiver. Both are syncs of mode
append over `activations.alert_messages`, so that each message goes out once, is tried again, and has its receipt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb

from activations import alerts, run, tables
from activations.alerts import NEWEST, Finding
from activations.run import SyncResult, Tools
from activations.syncs import Guards, Sync
from warehouse import clock
from warehouse.connection import connect, transaction
from warehouse.dialect import literal
from warehouse.settings import Settings

FRESH = timedelta(days=7)  # older alerts are history, not news, to a channel that was added later
CHANNEL, URL, SECRET = (
    "MILLRACE_ALERT_SLACK_CHANNEL",
    "MILLRACE_ALERT_WEBHOOK_URL",
    "MILLRACE_ALERT_WEBHOOK_SECRET",
)
MESSAGES = "activations.alert_messages"


@dataclass(frozen=True)
class Verdict:
    """What a run said of one kind, and whether its alert has just begun or ended."""

    finding: Finding
    news: str | None = None


def look(settings: Settings, sync: Sync) -> list[Verdict]:
    """Judge the sync's newest run and put on record what begins or ends; the same run again changes nothing."""
    with connect(settings) as con:
        tables.ensure(con)
        runs = _runs(con, sync)
        found = alerts.judge(sync.alerts, sync.mode, runs)
        with transaction(con):
            return [_put(con, sync, str(runs[0]["plan_id"]), finding) for finding in found]


def tell(
    settings: Settings,
    as_of: datetime,
    environ: Mapping[str, str],
    tools: Tools | None = None,
) -> list[SyncResult]:
    """Send what began or ended to whoever is named in the environment; nobody named = nothing sent."""
    results = []
    for sync, used in _receivers(environ):
        with connect(settings) as con:
            tables.ensure(con)
            con.execute(_messages(environ.get(CHANNEL) or ""))
        results.append(run.run_made(settings, sync, as_of, used, tools=tools))
    return results


def _receivers(environ: Mapping[str, str]) -> list[tuple[Sync, dict[str, str]]]:
    found = []
    if environ.get(CHANNEL):
        found.append((_sync("slack", "message", frozenset({"sync", "kind"})), dict(environ)))
    if url := environ.get(URL):
        secret = environ.get(SECRET) or environ.get("MILLRACE_SIGNED_WEBHOOK_SECRET") or ""
        theirs = {"MILLRACE_SIGNED_WEBHOOK_URL": url, "MILLRACE_SIGNED_WEBHOOK_SECRET": secret}
        found.append((_sync("webhook", "row", frozenset({"channel"})), {**environ, **theirs}))
    return found


def _sync(destination: str, thing: str, internal: frozenset[str]) -> Sync:
    return Sync(
        name=f"alerts_{destination}",
        path="activations/alarm.py",
        relation=MESSAGES,
        owner="data",
        destination=destination,
        object=thing,
        key="alert_key",
        mode="append",
        guards=Guards(max_first_rows=None),
        budget_seconds=60.0,
        internal=internal,
    )


def _messages(channel: str) -> str:
    """The view of what is to be told: one row per beginning, one per end."""
    since = literal(clock.naive(clock.now() - FRESH))
    return f"""
        create or replace view {MESSAGES} as
        select alert_id || ':began' as alert_key, {literal(channel)} as channel, sync, kind,
            'Alert: ' || sync || ', ' || replace(kind, '_', ' ') || '. ' || words as text
        from activations.alerts where began_at > {since}
        union all
        select alert_id || ':ended', {literal(channel)}, sync, kind,
            'Recovered: ' || sync || ', ' || replace(kind, '_', ' ') || ', after '
            || cast(date_diff('minute', began_at, ended_at) as varchar) || ' min. ' || ended_words
        from activations.alerts where ended_at > {since}"""


def _put(con: duckdb.DuckDBPyConnection, sync: Sync, plan_id: str, finding: Finding) -> Verdict:
    now = clock.naive(clock.now())
    held = con.execute(
        "select alert_id from activations.alerts where sync = ? and kind = ? and ended_at is null",
        [sync.name, finding.kind],
    ).fetchall()
    if finding.is_on and not held:
        con.execute(
            "insert into activations.alerts by name select md5(concat_ws('/', ?, ?, ?)) as alert_id, "
            "? as sync, ? as destination, ? as kind, cast(? as timestamp) as began_at, ? as began_plan, "
            "cast(? as double) as value, cast(? as double) as threshold, ? as words",
            [
                *(sync.name, finding.kind, plan_id),
                *(sync.name, sync.destination, finding.kind, now, plan_id),
                *(finding.value, finding.limit, finding.words),
            ],
        )
        return Verdict(finding, "began")
    if held and not finding.is_on:
        con.execute(
            "update activations.alerts set ended_at = ?, ended_plan = ?, ended_words = ? where alert_id = ?",
            [now, plan_id, finding.words, held[0][0]],
        )
        return Verdict(finding, "ended")
    return Verdict(finding)


def _runs(con: duckdb.DuckDBPyConnection, sync: Sync) -> list[dict[str, Any]]:
    """The sync's newest plans with what came of them, newest first."""
    found = con.execute(
        f"""
        with runs as (
            select * from activations.plans where sync = ?
            order by planned_at desc, plan_id limit {NEWEST}
        ),
        answers as (
            select run_id, outcome, code, count(*) as row_count
            from {tables.RECEIPTS} where run_id in (select plan_id from runs)
            group by all
        ),
        told as (
            select run_id,
                sum(row_count) filter (where outcome = 'delivered') as arrived,
                sum(row_count) filter (where outcome = 'rejected') as refused,
                sum(row_count) filter (where outcome = 'in_doubt') as doubted,
                string_agg(code || ' (' || row_count || ')', ', ' order by row_count desc, code)
                    filter (where outcome = 'rejected') as codes
            from answers group by run_id
        )
        select runs.plan_id, runs.state, runs.gate, runs.reason, runs.changed_columns,
            runs.creates, runs.updates, runs.removes, runs.unchanged,
            coalesce(told.arrived, 0)::bigint as arrived, coalesce(told.refused, 0)::bigint as refused,
            coalesce(told.doubted, 0)::bigint as doubted, left(told.codes, 200) as codes
        from runs left join told on runs.plan_id = told.run_id
        order by runs.planned_at desc, runs.plan_id""",
        [sync.name],
    )
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
