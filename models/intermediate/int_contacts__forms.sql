-- One row per address that a person has left on forms, in the canonical columns of a contact record.
{{ config(materialized='ephemeral') }}
{#- Not where the contact came from: whoever signs up may have been with the shop for years. #}
{%- set said = ['first_name', 'last_name', 'company', 'job_title', 'industry', 'country', 'city', 'timezone'] %}

with

submissions as (

    select
        coalesce('email:' || email, 'phone:' || phone) as record_node,
        email,
        phone,
        {% for name in said -%}
        nullif({{ json_text('traits', name) }}, '') as {{ name }},
        {% endfor -%}
        submission_id,
        submitted_at,
        batch
    from {{ ref('stg_forms__submissions') }}
    where not is_suspected

),

records as (

    select
        record_node,
        min(email) as email,
        max_by(phone, (submitted_at, submission_id)) filter (where phone is not null) as phone,
        {% for name in said -%}
        max_by({{ name }}, (submitted_at, submission_id)) filter (where {{ name }} is not null) as {{ name }},
        {% endfor -%}
        false as is_deleted,
        min(submitted_at) as created_at,
        max(submitted_at) as updated_at,
        max(batch) as batch
    from submissions
    where record_node is not null
    group by record_node

)

select {{ contact_record('record_node', 'forms', ['email', 'phone'] + said) }}
from records
