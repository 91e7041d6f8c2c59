-- One row per contact id that nobody has any more, with whose its nodes are now.
{{ config(materialized='view') }}

select
    changes.previous_contact_id,
    max(nodes.contact_id) as contact_id
from {{ ref('int_identity__changes') }} as changes
inner join {{ ref('int_identity__nodes') }} as nodes on changes.node = nodes.node
where changes.previous_contact_id is not null
    and changes.previous_contact_id not in (select known.contact_id from {{ ref('int_identity__nodes') }} as known)
group by changes.previous_contact_id
