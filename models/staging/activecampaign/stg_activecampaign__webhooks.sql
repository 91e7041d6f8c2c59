-- One row per webhook that arrived; the vendor gives no key, so it is made from what tells two apart.
select
    md5(type || '|' || cast(date_time as {{ dbt.type_string() }}) || '|' || coalesce(contact_id, '') || '|'
        || coalesce(deal_id, task_id, account_id, campaign_id, list, '') || '|' || coalesce(tag, link_url, '')) as webhook_id,
    type,
    lower(initiated_from) as initiated_from,
    nullif(contact_id, '0') as contact_id,
    {{ normalize_email('contact_email') }} as email,
    nullif(list, '0') as list_id,
    tag,
    contact_tags as tags,
    nullif(campaign_id, '0') as campaign_id,
    campaign_name as campaign,
    link_url as url,
    user_agent,
    lower(bounce_type) as bounce_class,
    bounce_description as reason,
    nullif(deal_id, '0') as deal_id,
    nullif(deal_stage_id, '0') as stage_id,
    case deal_status when '0' then 'open' when '1' then 'won' when '2' then 'lost' end as deal_status,
    upper(deal_currency) as currency,
    case
        when {{ matches_pattern('deal_value', '^-?[0-9]+([.][0-9]+)?$') }}
            then {{ cents_or_null('deal_value') }}
    end as amount_cents,
    nullif(task_id, '0') as task_id,
    nullif(account_id, '0') as account_id,
    date_time as occurred_at,
    _batch as batch
from {{ source('activecampaign', 'webhooks') }}
{{ newest(['type', 'date_time', 'contact_id', 'deal_id', 'task_id', 'account_id', 'campaign_id', 'list', 'tag', 'link_url']) }}
