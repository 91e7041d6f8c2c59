{# The attributes of a contact, in the order of a contact record, with their types: what the records say of the person. #}
{% macro contact_attributes() -%}
    {{ return({
        'email': dbt.type_string(), 'phone': dbt.type_string(), 'first_name': dbt.type_string(),
        'last_name': dbt.type_string(), 'company': dbt.type_string(), 'job_title': dbt.type_string(),
        'industry': dbt.type_string(), 'company_size': 'bigint', 'account_id': dbt.type_string(),
        'country': dbt.type_string(), 'city': dbt.type_string(), 'timezone': dbt.type_string(),
        'acquisition_source': dbt.type_string(), 'born_on': 'date'
    }) }}
{%- endmacro %}
