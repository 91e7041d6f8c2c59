-- One row per support ticket and contact it concerns, of any help desk; what is added here reaches every model of tickets.
{{ config(materialized='view') }}

select * from {{ ref('int_tickets__fivetran_hubspot') }}
