"""Each contact's time zone: their own where it is one that exists, else the journey's, else UTC."""

from __future__ import annotations

import zoneinfo

import duckdb

from activations.conditions.catalog import Catalog
from warehouse.dialect import ident, literal


def prepare(con: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
    """Make `contact_zone` (contact_id, zone; zone null where it is unknown or no zone) for this session."""
    con.execute("create temp table if not exists valid_zone (zone varchar)")
    if not con.execute("select count(*) from valid_zone").fetchall()[0][0]:
        names = ", ".join(f"({literal(name)})" for name in sorted(zoneinfo.available_timezones()))
        con.execute(f"insert into valid_zone values {names}")
    zone = "cast(null as varchar)"
    if "timezone" in catalog.contacts.columns:
        zone = f"c.{ident('timezone')}"
    con.execute(
        "create or replace temp view contact_zone as select c.contact_id, v.zone "
        f"from {catalog.contacts.relation} as c left join valid_zone as v on v.zone = {zone}"
    )


def zone_of(contact_id: str, default: str | None) -> str:
    """The zone of a contact as a scalar expression."""
    own = f"(select max(z.zone) from contact_zone as z where z.contact_id = {contact_id})"
    return f"coalesce({own}, {literal(default or 'UTC')})"
