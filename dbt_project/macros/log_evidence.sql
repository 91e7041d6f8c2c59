{# The log of the evidence against the rate `p` (0 to 1, not either) after `reached` of `judged`: a mixture of likelihoods
   over Jeffreys' prior against the likelihood of p. Of a true p it exceeds ln(1/a) at any look with chance a at most.
   Ville 1939; Robbins 1970, "Statistical methods related to the law of the iterated logarithm", Ann. Math. Stat. 41(5);
   as a test for experiments: Johari, Koomen, Pekelis, Walsh 2022, "Always valid inference", Oper. Res. 70(3). #}
{% macro log_evidence(reached, judged, p) -%}
    (
        {{ log_gamma(reached ~ ' + 5e-1') }} + {{ log_gamma('(' ~ judged ~ ' - ' ~ reached ~ ') + 5e-1') }}
        - {{ log_gamma(judged ~ ' + 1e0') }} - ln(pi())
        - {{ reached }} * ln({{ p }}) - ({{ judged }} - {{ reached }}) * ln(1e0 - {{ p }})
    )
{%- endmacro %}
