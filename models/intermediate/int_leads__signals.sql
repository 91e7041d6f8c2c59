-- One row per contact with everything that the lead rules count, as of now.
select
    contacts.contact_id,
    {{ lead_fit('contacts') }}
    coalesce(activity.visits_30d, 0) as visits_30d,
    coalesce(activity.product_views_30d, 0) as product_views_30d,
    coalesce(activity.carts_30d, 0) as carts_30d,
    coalesce(activity.forms_90d, 0) as forms_90d,
    coalesce(engagement.opened_90d, 0) as opened_90d,
    coalesce(engagement.clicked_90d, 0) as clicked_90d,
    case when suppressions.address is not null then 1 else 0 end as has_left,
    activity.last_visit_at,
    activity.last_product_view_at,
    activity.last_cart_at,
    activity.last_form_at,
    engagement.last_opened_at,
    engagement.last_clicked_at
from {{ ref('int_contacts__profiles') }} as contacts
left join {{ ref('int_contacts__activity') }} as activity on contacts.contact_id = activity.contact_id
left join {{ ref('int_contacts__engagement') }} as engagement on contacts.contact_id = engagement.contact_id
left join {{ ref('int_contacts__suppressions') }} as suppressions
    on contacts.email = suppressions.address and suppressions.channel = 'email'
