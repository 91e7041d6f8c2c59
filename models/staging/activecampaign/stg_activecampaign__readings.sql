-- One row per moment at which all rows of one contact (* for every contact) in a table were read.
select
    'field_values' as table_name,
    read_of as contact_id,
    pulled_at
from {{ source('activecampaign', 'field_values') }}
where read_of is not null
union
select
    'contact_tags',
    read_of,
    pulled_at
from {{ source('activecampaign', 'contact_tags') }}
where read_of is not null
union
select
    'contact_lists',
    read_of,
    pulled_at
from {{ source('activecampaign', 'contact_lists') }}
where read_of is not null
