-- One row per person of Klaviyo, address and change of what the person's columns say of consent, among the landed versions.
{{ config(materialized='ephemeral') }}
{#- Every column that says something of consent: channel, who said it, when, by what means. -#}
{% set seen = 'coalesce(updated, _fivetran_synced)' %}
{% set email_at = ['subscriptions_email_marketing_timestamp', 'subscriptions_email_marketing_last_updated'] %}
{% set sms_at = ['subscriptions_sms_marketing_timestamp', 'subscriptions_sms_marketing_last_updated'] %}
{% set columns = [
    ('custom_consent', 'email', ['custom_consent_timestamp'], 'custom_consent_method'),
    ('custom_consent', 'sms', ['custom_consent_timestamp'], 'custom_consent_method'),
    ('custom_accepts_marketing', 'email', [], none),
    ('custom_unsubscribed', 'email', [], none),
    ('custom_suppress', 'email', [], none),
    ('custom_sms_consent', 'sms', [], none),
    ('subscriptions_email_marketing_consent', 'email', email_at, 'subscriptions_email_marketing_method'),
    ('subscriptions_email_marketing_can_receive_email_marketing', 'email', email_at[1:], none),
    ('subscriptions_email_marketing_suppression', 'email', [], none),
    ('subscriptions_sms_marketing_consent', 'sms', sms_at, 'subscriptions_sms_marketing_method'),
] %}

with

said as (

    {% for column, channel, times, method in columns -%}
    select
        id as person_key,
        '{{ channel }}' as channel,
        {{ normalize_email('email') if channel == 'email' else normalize_phone('phone_number') }} as address,
        '{{ column }}' as said_by,
        lower(trim({{ column }})) as said,
        lower({{ method or 'cast(null as ' ~ dbt.type_string() ~ ')' }}) as method,
        {{ "lower(coalesce(subscriptions_email_marketing_double_optin, '')) in ('true', 't', '1', 'yes')"
            if column == 'subscriptions_email_marketing_consent' else 'false' }} as is_confirmed,
        coalesce({% for time in times %}{{ utc_or_null(time) }}, {% endfor %}
            {%- if column.endswith('suppression') %}{{ utc_or_null(json_text(json_or_null(column), '[0].timestamp')) }}, {% endif -%}
            {{ seen }}) as occurred_at,
        coalesce(_fivetran_deleted, false) or not coalesce(_fivetran_active, true) as is_deleted,
        _fivetran_synced as synced_at,
        _batch as batch,
        _file_id as file_id
    from {{ source('fivetran_klaviyo', 'person') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

ordered as (

    select
        *,
        lag(said) over (
            partition by person_key, channel, address, said_by
            order by synced_at nulls first, batch nulls first, file_id nulls first
        ) as said_before
    from said
    where address is not null

)

select person_key, channel, address, said_by, said, method, is_confirmed, occurred_at, is_deleted, batch
from ordered
where said is distinct from said_before
    and nullif(said, '') is not null
