"""Synthetic sync models of any size, so that comparing and delivering can be measured without building a shop."""

from __future__ import annotations

import duckdb

from activations import canonical, tables
from activations.syncs import Guards, Sync
from warehouse.dialect import ident, literal
from warehouse.manifest import Manifest, Model

CONTACTS = Sync(
    name="bench_contact",
    path="benchmarks/audience.py",
    relation=ident("syncs", "bench_contact"),
    owner="benchmarks",
    destination="activecampaign",
    object="contact",
    key="email",
    mode="upsert",
    guards=Guards(max_change_fraction=1.0, max_first_rows=None),
    custom_fields={"lead_score": "Lead score", "best_send_hour": "Best send hour"},
)
DEALS = Sync(
    name="bench_deal",
    path="benchmarks/audience.py",
    relation=ident("syncs", "bench_deal"),
    owner="benchmarks",
    destination="hubspot",
    object="deal",
    key="deal_id",
    mode="upsert",
    guards=Guards(max_change_fraction=1.0, max_first_rows=None),
)

MESSAGES = Sync(
    name="bench_message",
    path="benchmarks/audience.py",
    relation=ident("syncs", "bench_message"),
    owner="benchmarks",
    destination="twilio",
    object="message",
    key="message_key",
    mode="append",
    guards=Guards(max_first_rows=None),
)


def manifest(sync: Sync) -> Manifest:
    """A manifest that knows the sync's model and nothing else."""
    model = Model(
        name=sync.name,
        unique_id=f"model.benchmarks.{sync.name}",
        schema="syncs",
        folder="syncs",
        path=sync.path,
        description="Synthetic.",
        materialized="table",
        checksum="",
        columns={},
        meta={},
        tags=(),
        depends_on=(),
    )
    return Manifest(models={sync.name: model}, sources={})


def make_contacts(con: duckdb.DuckDBPyConnection, count: int) -> None:
    """Fill `syncs.bench_contact` with `count` contacts, shaped as the shop's audience is."""
    con.execute("create schema if not exists syncs")
    con.execute(f"""
        create or replace table syncs.bench_contact as
        select 'C-' || i as contact_id, 'contact' || i || '@mail.example' as email,
            'First' || i % 997 as "firstName", 'Last' || i % 9973 as "lastName",
            '+4420' || lpad(cast(i as varchar), 8, '0') as phone,
            concat_ws(',', 'segment: engaged', case when i % 3 = 0 then 'segment: vip' end) as tags,
            i * 7919 % 100 as lead_score, i * 31 % 24 as best_send_hour, 'Europe/London' as timezone
        from range({count}) as t(i)""")


def make_deals(con: duckdb.DuckDBPyConnection, count: int) -> None:
    """Fill `syncs.bench_deal` with `count` deals, shaped as the shop's open deals are."""
    con.execute("create schema if not exists syncs")
    con.execute(f"""
        create or replace table syncs.bench_deal as
        select 'C-' || i as contact_id, 'D-' || i as deal_id, 'Deal ' || i as dealname,
            cast(i * 37 % 90000 as double) as amount, 'default' as pipeline, 'proposal' as dealstage,
            round(i * 7919 % 10000 / 10000.0, 4) as win_probability,
            'stage proposal; 12 days in stage; owner wins often' as win_probability_reason
        from range({count}) as t(i)""")


def make_messages(con: duckdb.DuckDBPyConnection, count: int) -> None:
    """Fill `syncs.bench_message` with `count` texts, each to a number of its own, at its own time."""
    con.execute("create schema if not exists syncs")
    con.execute(f"""
        create or replace table syncs.bench_message as
        select 'M-' || i as message_key, '+4477' || lpad(cast(i as varchar), 8, '0') as "To",
            'Your cart ' || i || ' is waiting' as "Body",
            timestamp '2026-07-01 09:00:00' + to_minutes(i % 600) as "SendAt"
        from range({count}) as t(i)""")


def accept(con: duckdb.DuckDBPyConnection, sync: Sync, hashed: list[str]) -> None:
    """Let the destination have accepted all that a first comparison left behind (see activations.diff)."""
    tables.ensure(con)
    con.execute("delete from activations.acknowledged where sync = ?", [sync.name])
    con.execute(f"""
        insert into activations.acknowledged by name
        select {literal(sync.name)} as sync, d.k as key, md5(d.k) as key_hash, d.row_hash, d.quick_hash,
            {literal(canonical.mapping(hashed))} as mapping,
            {canonical.column_hashes(hashed, "v")} as column_hashes,
            {canonical.payload(["tags"] if "tags" in hashed else [], "v")} as remembered
        from act_desired as d join act_values as v on d.rid = v.rid""")
