"""Rows of our own tables that a sample may leave empty; `i`, `t`, `who` as in others.py, `contact` is one of them."""

from __future__ import annotations

TABLES = {
    "raw_activations.choices": """
        'c' || i as choice_id, md5('m' || i // 2) as message_id, contact as contact_id,
        ['journey', 'campaign'][1 + i % 2] as source, 'welcome' as source_name, 's' || i % 3 as step_id,
        'email' as channel, 'hello ' || i % 3 as message, ['time', 'variant'][1 + i % 2] as kind,
        '["a", "b"]' as options, '[0.3, 0.7]' as propensities, ['a', 'b'][1 + i // 2 % 2] as chosen,
        case when i % 3 > 0 then 0.3 else 0.7 end as propensity, i % 5 = 0 as is_explore,
        i // 2 % 3 = 0 as is_control, ['best', 'explored', null][1 + i % 3] as reason, 'hours' as policy,
        case when i % 7 > 0 then 'v1' end as policy_version, t as scheduled_at, t as decided_at, 1 + i % 5 as batch""",
    "raw_activations.withheld": """
        'w' || i as withheld_id, ['sync_hubspot_deal', 'outbox_email'][1 + i % 2] as sync, 'hubspot' as destination,
        ['deal', 'task', 'contact'][1 + i % 3] as object, 'upsert' as mode,
        ['crm', 'email', 'onsite'][1 + i % 3] as channel, md5(who) as entity_key_hash, contact as contact_id,
        ['suppressed', 'invalid', 'waiting'][1 + i % 3] as state, 'said "no"' as reason, t as withheld_at,
        case when i % 4 = 0 then t + interval 2 day end as ended_at""",
    "raw_activations.opt_outs": """
        'r' || i as receipt_id, 'outbox_email' as sync, 'smtp' as destination,
        case when i % 40 = 0 then who else 'gone' || i || '@post.example' end as address, 'email' as channel,
        ['hard_bounce', 'opt_out'][1 + i % 2] as status, '550' as code, t as occurred_at, 1 + i % 5 as batch""",
    "ml.monitors": """
        ['churn', 'value'][1 + i % 2] as model, 'v' || i % 3 as version, t as as_of, 'inputs' as monitor,
        i % 3 = 0 as is_held, i % 3 > 0 as is_well, i / 7 as value, 'p < 0.1' as seen,
        case when i % 9 = 0 then 'ann' end as accepted_by, case when i % 9 = 0 then t end as accepted_at""",
    "ml.variant_choices": """
        contact as contact_id, 'hello ' || i as message, 'v1' as version, t as as_of, '["a", "b"]' as options,
        '[0.3, 0.7]' as propensities, 'a' as variant, 0.3 as propensity, i % 5 = 0 as is_explore,
        i % 4 = 0 as is_control, 'best' as reason""",
    "journeys.ahead": """
        'welcome' as journey, 's' || i % 3 as step_id, 'hello' as message, ['email', 'sms'][1 + i % 2] as channel,
        contact as contact_id, ['planned', 'suppressed'][1 + i % 2] as state, null as reason, t as due_at,
        case when i % 3 > 0 then t + interval 5 hour end as send_at, t as as_of""",
    "journeys.backtests": """
        'welcome' as journey, 's' || i % 3 as step_id, 'hello' as message, 'email' as channel, 'sent' as state,
        case when i % 2 = 0 then 'quiet hours' end as reason, cast(t as date) as day, i as message_count, t as as_of""",
}
