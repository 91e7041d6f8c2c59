-- One row per pair of identity nodes and kind of evidence that ties them; a record is tied to itself, so it is never lost.
{{ incremental_by_key('left_node') }}

with

{% if extends_itself() %}
touched as (

    select record_node as node from {{ ref('int_contacts__records') }} where batch > {{ newest_batch() }}
    union
    select left_node from {{ ref('int_identity__evidence') }} where batch > {{ newest_batch() }}
    union
    select left_node from {{ ref('int_identity__links') }} where batch > {{ newest_batch() }}

),
{% endif %}

records as (

    select * from {{ ref('int_contacts__records') }}
    {% if extends_itself() %}where record_node in (select touched.node from touched){% endif %}

),

seen as (

    select * from {{ ref('int_identity__evidence') }}
    {% if extends_itself() %}where left_node in (select touched.node from touched){% endif %}

),

links as (

    select * from {{ ref('int_identity__links') }}
    {% if extends_itself() %}where left_node in (select touched.node from touched){% endif %}

),

ties as (

    select record_node as left_node, record_node as right_node, 'record' as evidence, source, created_at as first_at, batch
    from records

    union all

    select record_node, 'email:' || email, 'record', source, created_at, batch from records
    where email is not null

    union all

    select record_node, 'phone:' || phone, 'record', source, created_at, batch from records
    where phone is not null

    union all

    select record_node, user_node, 'record', source, created_at, batch from records
    where user_node is not null

    union all

    select left_node, right_node, evidence, source, first_at, batch from seen

    union all

    select left_node, right_node, evidence, source, occurred_at, batch from links

)

select
    left_node,
    right_node,
    evidence,
    source,
    min(first_at) as first_at,
    max(batch) as batch
from ties
group by left_node, right_node, evidence, source
