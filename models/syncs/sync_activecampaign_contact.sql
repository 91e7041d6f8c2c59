-- One row per contact that ActiveCampaign may hold: segments and tags as tags, lead score and best hour as fields.
{{ config(meta={'sync': {
    'destination': 'activecampaign', 'object': 'contact', 'key': 'email', 'mode': 'upsert',
    'schedule': '*/15 * * * *', 'guards': {'min_rows': 10, 'max_change_fraction': 0.5}, 'dry_run': false,
}}) }}

with

reachable as (

    select contact_id, address from {{ ref('dim_reachable_addresses') }}
    where channel = 'email'

),

labels as (

    select contact_id, 'segment: ' || replace(substr(segment, 5), '_', ' ') as tag
    from {{ ref('segment_memberships') }}
    where left_at is null

    union all

    select contact_id, tag from {{ ref('dim_contact_tags') }}
    where is_declared

),

tags as (

    select contact_id, {{ sorted_list('tag') }} as tags
    from labels
    group by contact_id

)

select
    reachable.contact_id,
    reachable.address as email,
    contacts.first_name as {{ adapter.quote('firstName') }},
    contacts.last_name as {{ adapter.quote('lastName') }},
    contacts.phone,
    coalesce(tags.tags, '') as tags,
    scores.score as lead_score,
    hours.best_hour as best_send_hour,
    contacts.timezone
from reachable
inner join {{ ref('dim_contacts') }} as contacts on reachable.contact_id = contacts.contact_id
left join {{ ref('score_lead') }} as scores on reachable.contact_id = scores.contact_id
left join {{ ref('score_send_hour') }} as hours on reachable.contact_id = hours.contact_id
left join tags on reachable.contact_id = tags.contact_id
