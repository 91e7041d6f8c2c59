{# The rules that tell machines from people, first match first (docs/concepts/machine-events.md). `made_by` is what such an
   event counts as: a prefetch, a scanner and a bot count for nothing, a proxy reads for a person. `looks_at` says which events a
   rule is for (opened, clicked, site), `shown` what is written down as evidence, `named` a pattern that every user agent of the
   rule matches, so that many are passed by at one look. One entry is one rule; evidence, class and what is counted follow. #}
{% macro machine_rules() %}
    {% set agent = "lower(user_agent)" %}
    {% set scanners = 'barracuda|proofpoint|mimecast|ciscosecureemail|(^|[^a-z])tmes([^a-z]|$)' %}
    {% set bots = 'bot([^a-z]|$)|crawl|spider|scrap[ey]|slurp|headless|phantomjs|puppeteer|playwright|selenium|webdriver|python|aiohttp'
        ~ '|httpx|curl/|wget/|go-http-client|^java/|apache-httpclient|libwww|node-fetch|axios/|facebookexternalhit|^whatsapp/|preview'
        ~ '|embedly|pingdom|uptime|statuscake|gtmetrix|lighthouse|ptst/|monitor' %}
    {{ return([
        {'rule': 'M1', 'made_by': 'prefetch', 'looks_at': ['opened', 'clicked'], 'what': 'the vendor says so',
         'condition': "machine_flag = 'sg_machine_open' or (is_machine_by_vendor and machine_flag is null)",
         'shown': "coalesce(machine_flag, source)"},
        {'rule': 'M2', 'made_by': 'prefetch', 'looks_at': ['opened'], 'what': 'loaded by a privacy proxy',
         'condition': "machine_flag in ('proxy_open', 'unique_proxy_open')", 'shown': 'machine_flag'},
        {'rule': 'M3-apple', 'made_by': 'prefetch', 'looks_at': ['opened', 'clicked'], 'what': 'the vendor saw Apple prefetch',
         'condition': "machine_flag = 'bot=apple'", 'shown': 'machine_flag'},
        {'rule': 'M3-gmail', 'made_by': 'proxy', 'looks_at': ['opened', 'clicked'], 'what': 'the vendor saw Gmail fetch',
         'condition': "machine_flag = 'bot=gmail'", 'shown': 'machine_flag'},
        {'rule': 'M3-generic', 'made_by': 'scanner', 'looks_at': ['opened', 'clicked'], 'what': 'the vendor saw a bot',
         'condition': "machine_flag like 'bot=%'", 'shown': 'machine_flag'},
        {'rule': 'M6-prefetch', 'made_by': 'prefetch', 'looks_at': ['opened'], 'what': 'the vendor saw a prefetch',
         'condition': "machine_flag = 'is_prefetched'", 'shown': 'machine_flag'},
        {'rule': 'M6-proxy', 'made_by': 'proxy', 'looks_at': ['opened'], 'what': 'the vendor saw a proxy',
         'condition': "machine_flag = 'is_proxy'", 'shown': 'machine_flag'},
        {'rule': 'M8', 'made_by': 'prefetch', 'looks_at': ['opened'], 'what': 'bare user agent',
         'condition': "user_agent = 'Mozilla/5.0'", 'shown': 'user_agent'},
        {'rule': 'M9', 'made_by': 'proxy', 'looks_at': ['opened', 'clicked'], 'what': 'Google fetches pictures when a person reads',
         'condition': "user_agent like '%GoogleImageProxy%' or user_agent like '%via ggpht.com%'", 'shown': 'user_agent'},
        {'rule': 'M10', 'made_by': 'proxy', 'looks_at': ['opened', 'clicked'], 'what': 'Yahoo fetches pictures when a person reads',
         'condition': "user_agent like '%YahooMailProxy%'", 'shown': 'user_agent'},
        {'rule': 'M11', 'made_by': 'scanner', 'looks_at': ['opened', 'clicked', 'site'], 'what': 'scanner by name',
         'named': scanners, 'condition': matches_pattern(agent, scanners), 'shown': 'user_agent'},
        {'rule': 'M11-blank', 'made_by': 'scanner', 'looks_at': ['clicked'], 'what': 'no browser clicks',
         'condition': "trim(user_agent) = '' or user_agent like '%MSOffice%'", 'shown': 'user_agent'},
        {'rule': 'M16', 'made_by': 'bot', 'looks_at': ['clicked', 'site'], 'what': 'bot by name',
         'named': bots, 'condition': matches_pattern(agent, bots)
             ~ " and user_agent not like '%GoogleImageProxy%' and user_agent not like '%YahooMailProxy%'"
             ~ " and " ~ agent ~ " not like '%cubot%'",
         'shown': 'user_agent'},
        {'rule': 'M14-trap', 'made_by': 'scanner', 'looks_at': ['clicked'], 'what': 'the link that no person sees, within a minute',
         'condition': 'trap_count > 0', 'shown': "cast(trap_count as " ~ dbt.type_string() ~ ")"},
        {'rule': 'M14', 'made_by': 'scanner', 'looks_at': ['clicked'], 'what': 'different links at once',
         'condition': 'link_count >= 3', 'shown': "cast(link_count as " ~ dbt.type_string() ~ ")"},
        {'rule': 'M14-leave', 'made_by': 'scanner', 'looks_at': ['clicked'], 'what': 'the way out and another link in one second',
         'condition': 'leave_count > 0 and stay_count > 0', 'shown': "cast(leave_count + stay_count as " ~ dbt.type_string() ~ ")"},
        {'rule': 'M13', 'made_by': 'scanner', 'looks_at': ['clicked'], 'what': 'seconds from delivery to click',
         'condition': 'seconds_after_delivery <= ' ~ quick_seconds(), 'shown': "cast(seconds_after_delivery as " ~ dbt.type_string() ~ ")"},
        {'rule': 'M13-open', 'made_by': 'scanner', 'looks_at': ['opened'], 'what': 'seconds from delivery to open',
         'condition': 'seconds_after_delivery <= 1', 'shown': "cast(seconds_after_delivery as " ~ dbt.type_string() ~ ")"},
    ]) }}
{% endmacro %}

{# The evidence that a row (of opens and clicks, or of `site`) is a machine's: rule, what it says and the value; NULL for people.
   Reactions need the columns event, source, user_agent, machine_flag, is_machine_by_vendor, seconds_after_delivery, link_count,
   trap_count, leave_count and stay_count, site events only user_agent. #}
{% macro machine_evidence(site=false) -%}
    case
        {%- set named, others = [], [] %}
        {%- for rule in machine_rules() if 'site' in rule.looks_at %}
            {%- do (named if 'named' in rule else others).append(rule.named) %}
        {%- endfor %}
        {%- if site and not others %}
        -- Nearly every visit is a person's: one look tells.
        when not {{ matches_pattern('lower(user_agent)', named | join('|')) }} then null
        {%- endif %}
        {%- for rule in machine_rules() if ('site' in rule.looks_at) == site or not site %}
        {%- set kinds = rule.looks_at | reject('equalto', 'site') | list %}
        {%- if site or kinds | length == 2 %}
        when ({{ rule.condition }})
        {%- else %}
        when event = '{{ kinds[0] }}' and ({{ rule.condition }})
        {%- endif %} then '{{ rule.rule }} {{ rule.what }}: ' || coalesce(substr({{ rule.shown }}, 1, 80), '')
        {%- endfor %}
    end
{%- endmacro %}

{# What made an event, by its evidence: human, proxy, prefetch, scanner or bot. #}
{% macro made_by(evidence) -%}
    case
        when {{ evidence }} is null then 'human'
        {%- for rule in machine_rules() %}
        when {{ evidence }} like '{{ rule.rule }} %' then '{{ rule.made_by }}'
        {%- endfor %}
    end
{%- endmacro %}

{# What comes later after delivery than this is no rule's business, seconds. #}
{% macro quick_seconds() -%}
    {{ return(5) }}
{%- endmacro %}

{# How many links were clicked around each click of the CTE `clicks` (message_event_id, message_id, url, clicked_second):
   different ones within two seconds, the hidden one within a minute, ways out and others within the same second. A click that
   stands alone says nothing, unless it is of the hidden link. #}
{% macro click_bursts(clicks) -%}
    select
        own.message_event_id,
        count(distinct case when near.clicked_second - own.clicked_second between -2 and 2 then near.url end) as link_count,
        sum(case when {{ matches_pattern('near.url', '[?&]mr_trap=') }} then 1 else 0 end) as trap_count,
        sum(case when near.clicked_second = own.clicked_second and {{ is_way_out('near.url') }} then 1 else 0 end) as leave_count,
        sum(case when near.clicked_second = own.clicked_second and not {{ is_way_out('near.url') }} then 1 else 0 end) as stay_count
    from {{ clicks }} as own
    inner join {{ clicks }} as near
        on own.message_id = near.message_id
        and near.clicked_second - own.clicked_second between -60 and 60
    group by own.message_event_id
    having count(*) > 1 or sum(case when {{ matches_pattern('near.url', '[?&]mr_trap=') }} then 1 else 0 end) > 0
{%- endmacro %}

{# Whether a link is one to unsubscribe. #}
{% macro is_way_out(url) -%}
    {{ matches_pattern('lower(' ~ url ~ ')', 'unsub|opt-?out') }}
{%- endmacro %}
