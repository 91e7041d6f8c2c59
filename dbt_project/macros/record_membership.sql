{# Run once before a build: the table in which segments record their members; those of a segment that is no longer
   declared end. #}
{% macro create_membership_history() -%}
    {% if execute %}
        {% do adapter.create_schema(api.Relation.create(database=target.database, schema='segments')) %}
        {% do run_query('create table if not exists segments.membership_history (contact_id '
            ~ dbt.type_string() ~ ', segment ' ~ dbt.type_string() ~ ', reason ' ~ dbt.type_string()
            ~ ', entered_at timestamp, left_at timestamp)') %}
        {% set declared = ["''"] %}
        {% for node in graph.nodes.values() if node.config.get('meta', {}).get('segment') %}
            {% do declared.append("'" ~ node.name ~ "'") %}
        {% endfor %}
        {% do run_query('update segments.membership_history set left_at = (select max(as_of) from raw_millrace.clock)'
            ~ ' where left_at is null and segment not in (' ~ declared | join(', ') ~ ')') %}
    {% endif %}
{%- endmacro %}

{# Run after each segment is built: closes the memberships of those who left, opens those of who entered.
   Running it twice for one moment changes nothing. #}
{% macro record_membership() -%}
    {%- if not model.config.get('meta', {}).get('segment') -%}
        select 1
    {%- else -%}
        {{ return(adapter.dispatch('record_membership')()) }}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__record_membership() -%}
    update segments.membership_history as history
    set left_at = {{ as_of() }}
    where history.segment = '{{ this.name }}'
        and history.left_at is null
        and history.contact_id not in (select members.contact_id from {{ this }} as members);
    insert into segments.membership_history
    select members.contact_id, '{{ this.name }}', members.reason, {{ as_of() }}, null
    from {{ this }} as members
    where not exists (
        select 1 from segments.membership_history as history
        where history.segment = '{{ this.name }}'
            and history.contact_id = members.contact_id
            and history.left_at is null
    );
{%- endmacro %}
