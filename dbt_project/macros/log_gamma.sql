{# The log of the gamma function of x > 0 by Stirling's series after a shift by 7; its error is below 1e-9.
   Abramowitz and Stegun 1964, 6.1.41 and 6.1.15. #}
{% macro log_gamma(x) -%}
    (
        ({{ x }} + 65e-1) * ln({{ x }} + 7e0) - ({{ x }} + 7e0) + ln(2e0 * pi()) / 2e0
        + 1e0 / (12e0 * ({{ x }} + 7e0)) - 1e0 / (360e0 * power({{ x }} + 7e0, 3))
        + 1e0 / (1260e0 * power({{ x }} + 7e0, 5))
        {% for shift in range(7) %} - ln({{ x }} + {{ shift }}e0){% endfor %}
    )
{%- endmacro %}
