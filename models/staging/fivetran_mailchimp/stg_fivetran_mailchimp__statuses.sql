-- One row per Mailchimp audience, member, address and change of status: of the landed versions the first, and each that differs.
{{ config(materialized='ephemeral') }}

with

versions as (

    select
        id as member_id,
        list_id,
        {{ normalize_email('email_address') }} as email,
        lower(status) as status,
        coalesce(_fivetran_deleted, false) as is_deleted,
        timestamp_opt as opted_at,
        coalesce(last_changed, _fivetran_synced) as updated_at,
        _fivetran_synced as synced_at,
        _batch as batch,
        _file_id as file_id
    from {{ source('fivetran_mailchimp', 'member') }}

),

ordered as (

    select
        *,
        lag(status) over (
            partition by list_id, member_id, email
            order by synced_at nulls first, batch nulls first, updated_at nulls first, file_id nulls first
        ) as status_before
    from versions

)

select member_id, list_id, email, status, is_deleted, opted_at, updated_at, batch
from ordered
where status is distinct from status_before
