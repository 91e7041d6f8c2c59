"""Whether a message may go, and to which address: read anew wherever it is decided, at hand-over last."""

from __future__ import annotations

import duckdb

from activations.errors import DefinitionError

NEEDED = (
    "dim_contacts",
    "dim_contact_permissions",
    "dim_suppressions",
    "dim_subscriptions",
    "dim_pending_confirmations",
    "fct_help_requests",
)
TRANSACTIONAL = "transactional"
FORM, CONFIRMATION = "form", "confirmation"


def check(con: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """The marts that are there. Raises DefinitionError while those are not that say who may be written to."""
    rows = con.execute(
        "select table_name from information_schema.tables where table_schema = 'marts'"
    ).fetchall()
    built = frozenset(str(row[0]) for row in rows)
    if missing := [name for name in NEEDED if name not in built]:
        raise DefinitionError(
            f"marts.{missing[0]} is not built, so nobody knows who may be written to; run `millrace run refresh`"
        )
    return built


def query(messages: str) -> str:
    """SQL of one row per message of the relation `messages`: message_id, to_address, zone_of_contact, refusal.

    `refusal` is null for who may be written to. A hard suppression (bounce, complaint, erasure) stops everything; an
    opt-out of marketing closes the address on its channel for all but transactional messages; anything else needs a
    consent of its own purpose. A form's confirmation needs a sign-up that still waits for it.
    """
    own = (
        "case m.channel when 'email' then c.email_suppression when 'sms' then c.sms_suppression end"
    )
    return f"""
        select m.message_id,
            case
                when m.channel = 'onsite' then m.contact_id
                when m.address is not null then m.address
                when m.channel = 'email' then c.email
                else c.phone
            end as to_address,
            c.timezone as contact_zone,
            case
                when m.contact_id is not null and c.contact_id is null and m.address is null
                    then 'the contact is gone'
                when m.channel = 'onsite' then null
                when coalesce(m.address, case when m.channel = 'email' then c.email else c.phone end) is null
                    then 'no ' || case when m.channel = 'email' then 'e-mail address' else 'phone number' end
                when s.reason <> 'opt_out' then s.reason
                when m.address is null and {own} <> 'opt_out' then {own}
                when m.source = '{FORM}' and m.step_id = '{CONFIRMATION}' then
                    case when w.submission_id is null then 'confirmed, withdrawn or too late' end
                when m.purpose = '{TRANSACTIONAL}' then null
                when s.reason is not null then s.reason
                when m.address is null and {own} is not null then {own}
                when p.refusal is not null then p.refusal
                when p.is_allowed or (m.contact_id is null and b.is_opted_in) then null
                when w.submission_id is not null then 'unconfirmed'
                else 'no consent to ' || m.purpose
            end as refusal
        from {messages} as m
        left join marts.dim_contacts as c on m.contact_id = c.contact_id
        left join marts.dim_suppressions as s on m.channel = s.channel
            and s.address = coalesce(m.address, case when m.channel = 'email' then c.email else c.phone end)
        left join (
            select contact_id, channel, purpose, address, bool_and(is_allowed) as is_allowed,
                min(refusal) as refusal
            from marts.dim_contact_permissions
            where contact_id in (select contact_id from {messages}) group by all
        ) as p on m.contact_id = p.contact_id and m.channel = p.channel and m.purpose = p.purpose
            and p.address = coalesce(m.address, case when m.channel = 'email' then c.email else c.phone end)
        left join marts.dim_subscriptions as b on m.channel = b.channel and m.purpose = b.purpose
            and m.address = b.address
        left join marts.dim_pending_confirmations as w on m.channel = w.channel
            and w.address = coalesce(m.address, case when m.channel = 'email' then c.email else c.phone end)
            and (m.source <> '{FORM}' or m.enrollment_id = w.submission_id)"""
