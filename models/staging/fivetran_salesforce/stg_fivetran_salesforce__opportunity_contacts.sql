-- One row per opportunity of Salesforce that names contacts: its primary one, else the first that was named.
{{ config(materialized='ephemeral') }}

with

roles as (

    select
        id, opportunity_id, contact_id, is_primary, created_date,
        coalesce(is_deleted, false) or coalesce(_fivetran_deleted, false) or not coalesce(_fivetran_active, true) as is_gone
    from {{ source('fivetran_salesforce', 'opportunity_contact_role') }}
    {{ newest(["id"], "coalesce(_fivetran_start, last_modified_date, _fivetran_synced)") }}

)

select
    opportunity_id as deal_key,
    contact_id as person_key
from roles
where not is_gone and opportunity_id is not null and contact_id is not null
qualify row_number() over (
    partition by opportunity_id
    order by case when is_primary then 0 else 1 end, created_date nulls last, contact_id nulls last, id nulls last
) = 1
