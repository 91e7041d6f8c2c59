{# Whether the keys that the newest load touched occur once in the whole table. Rows of earlier loads were judged when
   they came, so the cost follows what is new. #}
{% test unique_lately(model, column_name, batch='batch') %}

select {{ column_name }}
from {{ model }}
where {{ column_name }} in (
    select lately.{{ column_name }} from {{ model }} as lately
    where lately.{{ batch }} = (select max(newest.{{ batch }}) from {{ model }} as newest)
)
group by {{ column_name }}
having count(*) > 1

{% endtest %}
