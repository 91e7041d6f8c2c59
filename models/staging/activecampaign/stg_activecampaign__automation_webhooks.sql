-- One row per call of an automation's webhook step.
select
    contact_id,
    {{ normalize_email('contact_email') }} as email,
    contact_tags as tags,
    series_id as automation_id,
    _loaded_at as loaded_at,
    _batch as batch
from {{ source('activecampaign', 'automation_webhooks') }}
{{ newest(['contact_id', 'series_id', '_file_id']) }}
