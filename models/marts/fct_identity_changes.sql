-- One row per time that a node (address, device, record) moved from one contact to another or was let go: merges and splits.
with

changes as (

    select * from {{ ref('int_identity__changes') }}
    where previous_contact_id is not null

),

alive as (

    select distinct contact_id from {{ ref('int_identity__nodes') }}

)

select
    changes.node,
    changes.previous_contact_id,
    changes.contact_id,
    case
        when changes.contact_id is null then 'let go'
        -- Whoever lost a node and is still somebody was split; whoever is nobody any more was merged.
        when alive.contact_id is null then 'merge'
        else 'split'
    end as kind,
    changes.changed_at
from changes
left join alive on changes.previous_contact_id = alive.contact_id
