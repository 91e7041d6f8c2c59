-- One row per contact with the attributes that their records agree on best: the newest value of each.
{{ incremental_by_contact() }}

with

nodes as (

    select node, contact_id from {{ ref('int_identity__nodes') }}
    {% if extends_itself() %}where contact_id in ({{ touched_contacts() }}){% endif %}

),

people as (

    select
        contact_id,
        min(case when node like 'email:%' then substr(node, 7) end) as any_email,
        min(case when node like 'phone:%' then substr(node, 7) end) as any_phone
    from nodes
    group by contact_id

),

records as (

    select
        nodes.contact_id,
        records.email, records.phone, records.first_name, records.last_name, records.company,
        records.job_title, records.industry, records.country, records.city, records.timezone,
        records.acquisition_source, records.account_id, records.company_size, records.born_on,
        records.created_at, records.updated_at
    from {{ ref('int_contacts__records') }} as records
    inner join nodes on records.record_node = nodes.node
    where not records.is_deleted

),

merged as (

    select
        contact_id,
        count(*) as record_count,
        {% for name in contact_attributes() %}
        max_by({{ name }}, (coalesce(updated_at, created_at, cast('1970-01-01' as timestamp)), {{ name }})) filter (where {{ name }} is not null) as {{ name }},
        {% endfor %}
        min(created_at) as created_at,
        max(updated_at) as updated_at
    from records
    group by contact_id

)

select
    people.contact_id,
    coalesce(merged.email, people.any_email) as email,
    coalesce(merged.phone, people.any_phone) as phone,
    merged.first_name,
    merged.last_name,
    merged.company,
    merged.job_title,
    merged.industry,
    merged.country,
    merged.city,
    merged.timezone,
    merged.acquisition_source,
    merged.account_id,
    merged.company_size,
    merged.born_on,
    merged.created_at,
    merged.updated_at,
    coalesce(merged.record_count, 0) as record_count,
    {{ newest_news() }} as batch
from people
left join merged on people.contact_id = merged.contact_id
