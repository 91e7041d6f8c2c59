"""Rows of the sources that the sample shop does not have, so that both engines read every vendor's format.

Times carry microseconds, texts carry quotes and accents, some keys repeat, some values are missing.
"""

from __future__ import annotations

import duckdb

from tests.spark import esp, ours
from warehouse.dialect import ident

ROWS = 400
# `i` runs from 0; `t` is a moment of the six weeks before the end; `who` is an address, the shop's or a stranger's.
TABLES = {
    "raw_rees46.events": """
        t as event_time, ['view', 'cart', 'remove_from_cart', 'purchase', 'Vu'][1 + i % 5] as event_type,
        'p' || i % 17 as product_id, case when i % 3 = 0 then 'kitchen.pan' end as category_code,
        case when i % 4 = 0 then 'L''Été' end as brand, (i % 50) * 1.115 as price,
        'u' || i % 23 as user_id, 's' || i % 61 as user_session""",
    "raw_dirty_email.email_events": """
        [' U', 'u'][1 + i % 2] || i % 31 as user_id, case when i % 5 > 0 then 'c' || i % 4 || ' ' end as campaign_id,
        t as send_timestamp,
        case when i % 2 = 0 then t + to_seconds(i * 7 - 300) end as open_timestamp,
        case when i % 3 = 0 then t + to_seconds(i * 11) end as click_timestamp,
        case when i % 7 > 0 then 'Europe/Berlin' else ' ' end as timezone, 'a' as segment""",
    "raw_postmark.events": """
        ['Delivery', 'Open', 'Click', 'Bounce', 'SpamComplaint', 'SubscriptionChange'][1 + i % 6] as record_type,
        'pm' || i // 6 as message_id, case when i % 6 = 3 then i::varchar end as id,
        case when i % 12 = 3 then 'HardBounce' when i % 6 = 3 then 'SoftBounce' end as type,
        case when i % 2 = 0 then who end as email, case when i % 2 = 1 then upper(who) end as recipient,
        case when i % 6 = 0 then t end as delivered_at, case when i % 6 = 3 then t end as bounced_at,
        case when i % 6 in (1, 2) then t end as received_at, case when i % 6 = 5 then t end as changed_at,
        'Mozilla/5.0' || case when i % 4 = 1 then '' else ' (X11; Linux)' end as user_agent,
        case when i % 6 = 2 then 'https://shop.example/?q=' || i end as original_link,
        json_object('message_key', 'welcome:' || md5('m' || i // 12), 'variant', ['a', 'b'][1 + i // 24 % 2])
            as metadata,
        i % 12 = 5 as suppress_sending, case when i % 12 = 5 then 'ManualSuppression' end as suppression_reason,
        'digest' as tag""",
    "raw_amazon_ses.events": """
        case when i % 2 = 0 then ['Send', 'Delivery', 'Bounce', 'Open', 'Click', 'Complaint'][1 + i // 2 % 6] end
            as event_type,
        case when i % 2 = 1 then ['Delivery', 'Bounce', 'Complaint'][1 + i // 2 % 3] end as notification_type,
        json_object('messageId', 'ses' || i // 5, 'timestamp', strftime(t, '%Y-%m-%dT%H:%M:%S.%gZ'),
            'destination', json_array(who, 'b@c.example'), 'tags', json_object('note', 'zoé "x" \\ y')) as mail,
        case when i % 3 = 1 then json_object('bounceType', ['Permanent', 'Transient'][1 + i % 2],
            'timestamp', strftime(t, '%Y-%m-%dT%H:%M:%S+02:00')) end as bounce,
        case when i % 3 = 2 then json_object('timestamp', null) end as complaint,
        case when i % 5 = 0 then json_object('userAgent', 'GoogleImageProxy') end as open,
        case when i % 7 = 0 then json_object('link', 'https://shop.example/' || i, 'userAgent', 'Safari') end
            as click""",
    "raw_forms.submissions": """
        's' || i // 2 as submission_id, ['letter', 'callback'][1 + i % 2] as form,
        case when i % 5 > 0 then ' ' || upper(who) end as email,
        case when i % 3 = 0 then '+49 (30) ' || (100000 + i) end as phone,
        json_object('first_name', 'Zoé "Z" ' || i, 'company', '') as traits,
        json_array(json_object('channel', ['email', 'sms'][1 + i // 2 % 2], 'purpose', ['marketing', 'news'][1 + i % 2],
            'text', 'Yes, "please" é', 'opt_in', ['single', 'double'][1 + i // 4 % 2], 'required', true),
            json_object('channel', 'email', 'purpose', 'tips', 'opt_in', 'double')) as consents,
        case when i % 4 > 0 then 'd' || i % 90 end as anonymous_id, 'https://shop.example/?q=' || i as page_url,
        'Mozilla/5.0 (X11; Linux)' as user_agent, case when i % 7 = 0 then 'honeypot' end as suspicion,
        t as submitted_at, json_object('ip', '192.0.2.1', 'user_agent', 'x "y"', 'page', null) as evidence""",
    "raw_forms.confirmations": """
        'c' || i as confirmation_id, 's' || i // 2 as submission_id, 'email' as channel, who as address,
        t as confirmed_at, json_object('ip', '192.0.2.2') as evidence""",
    "raw_forms.preferences": """
        'p' || i as preference_id, 'email' as channel, who as address, ['marketing', 'tips'][1 + i % 2] as purpose,
        'opt_out' as status, 'one_click' as method, t + to_days(i % 9 - 4) as occurred_at,
        json_object('ip', '192.0.2.3') as evidence""",
    "raw_maven.sales_pipeline": """
        'op' || i as opportunity_id, 'agent ' || i % 9 as sales_agent, 'GTX ' || i % 4 as product,
        case when i % 11 > 0 then 'Acme ' || i % 13 end as account,
        ['Won', 'Lost', 'Engaging', 'Prospecting'][1 + i % 4] as deal_stage,
        case when i % 4 < 3 then t::date - 20 end as engage_date, case when i % 4 < 2 then t::date end as close_date,
        case when i % 4 = 0 then i * 10.555 when i % 4 = 1 then 0 end as close_value""",
    "raw_maven.sales_teams": """
        'agent ' || i % 9 as sales_agent, 'manager ' || i % 9 % 3 as manager, 'Südwest' as regional_office""",
    "raw_maven.accounts": """
        'Acme ' || i % 13 as account, 'retail' as sector, 1990 + i % 13 as year_established,
        i % 13 * 12.345 as revenue, i % 13 * 3 as employees""",
    "raw_maven.products": """
        'GTX ' || i % 4 as product, 'GTX' as series, 100.5 * (1 + i % 4) as sales_price""",
}


def fill(con: duckdb.DuckDBPyConnection) -> int:
    """Put rows into each of these tables that is empty; returns how many tables were filled."""
    filled = 0
    for name, columns in (TABLES | esp.TABLES | ours.TABLES).items():
        schema, table = name.split(".")
        relation = ident(schema, table)
        if con.execute(f"select count(*) from {relation}").fetchall() != [(0,)]:
            continue
        landed = (
            ", 'made' as _file_id, 1 + i % 5 as _batch, t as _loaded_at"
            if _is_landed(con, schema, table)
            else ""
        )
        con.execute(f"""
            insert into {relation} by name
            with
            addresses as (
                select
                    list(email order by contact_id, _file_id) as emails,
                    list(contact_id order by contact_id, _file_id) as contacts
                from raw_shop.contacts
            ),
            numbers as (
                select
                    range as i,
                    (select max(as_of) from raw_millrace.clock)
                    - to_microseconds((range * 7919 % 3600000) * 1000037) as t,
                    case when range % 3 = 0 then 'stranger' || range % 40 || '@post.example'
                        else addresses.emails[1 + range % len(addresses.emails)] end as who,
                    addresses.contacts[1 + range % len(addresses.contacts)] as contact
                from range({ROWS}), addresses
            )
            select {columns}{landed} from numbers
        """)
        filled += 1
    return filled


def _is_landed(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    """Whether the loader fills the table: it says then from which file a row came."""
    found = con.execute(
        "select count(*) from duckdb_columns() where schema_name = ? and table_name = ? and column_name = '_file_id'",
        [schema, table],
    )
    return found.fetchall() == [(1,)]
