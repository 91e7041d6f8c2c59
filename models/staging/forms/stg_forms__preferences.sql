-- One row per statement that somebody made by a link in a message: an address leaves a purpose.
with

preferences as (

    select
        preference_id,
        channel,
        case
            when channel = 'email' then {{ normalize_email('address') }}
            else {{ normalize_phone('address') }}
        end as address,
        purpose,
        status,
        method,
        evidence,
        occurred_at,
        _batch as batch
    from {{ source('forms', 'preferences') }}

)

select * from preferences
qualify row_number() over (partition by preference_id order by occurred_at nulls last, batch nulls last) = 1
