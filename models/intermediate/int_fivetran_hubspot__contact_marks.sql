-- One row per version of a HubSpot contact and property that may refuse: its opt-outs, and that mail to it bounced for good.
{{ config(materialized='ephemeral') }}

select
    contact_key, email, 'hs_email_optout' as field, 'opt_out' as status, 'marketing' as purpose,
    {{ is_true('opted_out') }} as holds, stated_at, synced_at, batch
from {{ ref('stg_fivetran_hubspot__contact_versions') }}
union all
select
    contact_key, email, 'hs_email_hard_bounce_reason', 'hard_bounce', 'any',
    bounce_reason is not null or is_bad_address, stated_at, synced_at, batch
from {{ ref('stg_fivetran_hubspot__contact_versions') }}
union all
select
    versions.contact_key, versions.email, substr(split_part(lower(entries.entry), '=', 1), 10), 'opt_out',
    'subscription ' || {{ extract_pattern('lower(entries.entry)', '^property_hs_email_optout_([0-9]+)=', 1) }},
    {{ is_true("split_part(entries.entry, '=', 2)") }}, versions.stated_at, versions.synced_at, versions.batch
from {{ ref('stg_fivetran_hubspot__contact_versions') }} as versions
cross join lateral (select {{ json_entries('versions.others') }} as entry) as entries
where {{ matches_pattern('lower(entries.entry)', '^property_hs_email_optout_[0-9]+=') }}
