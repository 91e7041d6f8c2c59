-- One row per message sent until now: its campaign, mailbox provider, what became of it, and whether a person reacted.
{{ config(materialized='view') }}

with

messages as (

    select
        *,
        case when channel = 'email' then split_part({{ node_address('recipient_node') }}, '@', 2) end as domain
    from {{ ref('int_messages__messages') }}
    where sent_at <= {{ as_of() }}

)

select
    messages.message_id,
    messages.source,
    messages.channel,
    messages.recipient_node,
    -- What was triggered carries its trigger in the name.
    case
        {% for family in var('campaign_families') -%}
        when messages.campaign like '{{ family }}%' then '{{ family }}'
        {% endfor -%}
        else coalesce(messages.campaign, 'unknown')
    end as campaign,
    coalesce(messages.variant, 'none') as variant,
    messages.domain,
    coalesce(providers.provider, messages.domain) as provider,
    messages.state,
    -- Each message has one outcome, so the outcomes of a campaign add up to what was sent.
    case
        when messages.failed_at <= {{ as_of() }} and messages.state in ('bounced', 'failed', 'rejected') then
            case
                when messages.failure in ('hard', 'soft', 'block') then messages.failure
                when messages.state = 'bounced' then 'unclassed'
                else messages.state
            end
        -- Some vendors report no delivery; whoever read it has got it.
        when coalesce(
            messages.delivered_at, messages.first_opened_at, messages.first_clicked_at, messages.complained_at,
            messages.unsubscribed_at
        ) <= {{ as_of() }} then 'delivered'
        when messages.state = 'canceled' then 'canceled'
        else 'waiting'
    end as outcome,
    messages.sent_at,
    messages.delivered_at,
    case when messages.first_opened_at <= {{ as_of() }} then messages.first_opened_at end as opened_at,
    case when messages.first_clicked_at <= {{ as_of() }} then messages.first_clicked_at end as clicked_at,
    case when messages.unsubscribed_at <= {{ as_of() }} then messages.unsubscribed_at end as unsubscribed_at,
    case when messages.complained_at <= {{ as_of() }} then messages.complained_at end as complained_at,
    messages.machine_event_count
from messages
left join {{ ref('mailbox_operators') }} as providers on messages.domain = providers.domain
