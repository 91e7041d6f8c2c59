-- One row per open deal of our own CRM's pipelines, with its win probability and why.
{{ config(meta={'sync': {
    'destination': 'hubspot', 'object': 'deal', 'key': 'deal_id', 'mode': 'upsert',
    'schedule': '*/15 * * * *', 'guards': {'min_rows': 1, 'max_change_fraction': 0.9}, 'dry_run': false,
}}) }}

select
    deals.contact_id,
    deals.deal_id,
    deals.name as dealname,
    cast({{ rounded('deals.amount_cents / 100', 2) }} as double) as amount,
    deals.pipeline,
    deals.stage as dealstage,
    scores.win_probability,
    coalesce(scores.fallback_reason, scores.reasons) as win_probability_reason
from {{ ref('dim_deals') }} as deals
left join {{ ref('score_win_probability') }} as scores on deals.deal_id = scores.deal_id
where deals.status = 'open'
    and deals.source_system = 'crm'
