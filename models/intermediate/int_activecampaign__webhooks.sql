-- One row per webhook, with whether it only echoes what we wrote ourselves.
with

-- What we wrote and ActiveCampaign took; imports cause no webhooks, so every other write names its contact.
writes as (

    select distinct
        vendor_id as contact_id,
        {{ epoch_seconds('attempted_at') }} as written_at
    from {{ ref('stg_activations__receipts') }}
    where sync like 'sync_activecampaign%' and outcome = 'acked' and vendor_id is not null

),

echoes as (

    select distinct webhooks.webhook_id
    from {{ ref('stg_activecampaign__webhooks') }} as webhooks
    inner join writes
        on webhooks.contact_id = writes.contact_id
        and {{ epoch_seconds('webhooks.occurred_at') }} between writes.written_at - 60 and writes.written_at + 900
    where webhooks.initiated_from = 'api'

)

select
    webhooks.*,
    echoes.webhook_id is not null as is_echo
from {{ ref('stg_activecampaign__webhooks') }} as webhooks
left join echoes on webhooks.webhook_id = echoes.webhook_id
