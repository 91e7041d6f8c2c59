-- One row per thing that became of a Mailchimp message: sent, an action of its recipient, unsubscribed.
{{ config(materialized='ephemeral') }}

{% for kind in ['campaign', 'automation'] -%}
select
    'sent' as action,
    cast(null as {{ dbt.type_string() }}) as activity_id,
    mailing_id,
    list_id,
    member_id,
    variant,
    cast(null as {{ dbt.type_string() }}) as bounce_type,
    cast(null as {{ dbt.type_string() }}) as url,
    cast(null as {{ dbt.type_string() }}) as ip,
    cast(null as {{ dbt.type_string() }}) as reason,
    cast(null as timestamp) as occurred_at,
    first_seen_at,
    batch
from {{ ref('stg_fivetran_mailchimp__' ~ kind ~ '_recipients') }}
union all
select
    action,
    activity_id,
    mailing_id,
    list_id,
    member_id,
    variant,
    bounce_type,
    url,
    ip,
    cast(null as {{ dbt.type_string() }}),
    occurred_at,
    cast(null as timestamp),
    batch
from {{ ref('stg_fivetran_mailchimp__' ~ kind ~ '_activities') }}
union all
{% endfor -%}
select
    'unsubscribe',
    cast(null as {{ dbt.type_string() }}),
    mailing_id,
    list_id,
    member_id,
    cast(null as {{ dbt.type_string() }}),
    cast(null as {{ dbt.type_string() }}),
    cast(null as {{ dbt.type_string() }}),
    cast(null as {{ dbt.type_string() }}),
    reason,
    case when occurred_at_source = 'vendor' then occurred_at end,
    case when occurred_at_source = 'received' then occurred_at end,
    batch
from {{ ref('stg_fivetran_mailchimp__unsubscribes') }}
