-- One row: the moment that every model takes for now.
select as_of from {{ source('millrace', 'clock') }}
