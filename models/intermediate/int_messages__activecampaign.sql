-- One row per reaction to a campaign and bounce at ActiveCampaign, in the canonical columns of a message event.
{{ config(materialized='ephemeral') }}

with

reactions as (

    select
        webhook_id as key,
        case type
            when 'open' then 'opened' when 'click' then 'clicked' when 'bounce' then 'bounced' else 'replied'
        end as event,
        case
            when type <> 'bounce' then cast(null as {{ dbt.type_string() }})
            when bounce_class in ('hard', 'soft') then bounce_class
            else 'unknown'
        end as bounce_class,
        contact_id,
        email as recipient,
        campaign_id,
        campaign,
        url,
        user_agent,
        reason,
        occurred_at,
        batch
    from {{ ref('stg_activecampaign__webhooks') }}
    where type in ('open', 'click', 'bounce', 'reply')
    union all
    select
        bounces.bounce_log_id,
        'bounced',
        'unknown',
        bounces.contact_id,
        bounces.recipient,
        bounces.campaign_id,
        campaigns.name,
        cast(null as {{ dbt.type_string() }}),
        cast(null as {{ dbt.type_string() }}),
        bounces.reason,
        bounces.occurred_at,
        bounces.batch
    from {{ ref('stg_activecampaign__bounce_logs') }} as bounces
    left join {{ ref('stg_activecampaign__campaigns') }} as campaigns on bounces.campaign_id = campaigns.campaign_id
    where bounces.occurred_at is not null

)

select
    -- The log and the webhook of one bounce are one event.
    case
        when event = 'bounced' and campaign_id is not null
            then 'activecampaign:bounce:' || campaign_id || ':' || coalesce(contact_id, recipient, key)
        else 'activecampaign:' || key
    end as message_event_id,
    'activecampaign:' || coalesce(campaign_id || ':' || coalesce(contact_id, recipient), key) as message_id,
    cast(null as {{ dbt.type_string() }}) as message_key,
    'activecampaign' as source,
    'email' as channel,
    event,
    bounce_class,
    cast(null as {{ dbt.type_string() }}) as reject_reason,
    cast(null as {{ dbt.type_string() }}) as smtp_code,
    case when recipient is not null then 'email:' || recipient end as recipient_node,
    recipient,
    campaign,
    cast(null as {{ dbt.type_string() }}) as variant,
    url,
    user_agent,
    cast(null as {{ dbt.type_string() }}) as ip,
    reason,
    false as is_machine_by_vendor,
    cast(null as {{ dbt.type_string() }}) as machine_flag,
    occurred_at,
    'vendor' as occurred_at_source,
    batch,
    cast(occurred_at as date) as event_date
from reactions
