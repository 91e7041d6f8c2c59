-- One row per channel or message type that a user of Iterable left, and address of the user on that channel.
{{ config(materialized='view') }}

with

lefts as (

    select
        unsubscribes.*,
        coalesce(unsubscribes.channel_id, types.channel_id) as left_channel_id,
        case
            when unsubscribes.channel_id is not null then 'channel ' || unsubscribes.channel_id
            else 'message type ' || coalesce(types.name, unsubscribes.message_type_id)
        end as evidence
    from {{ ref('stg_fivetran_iterable__unsubscribes') }} as unsubscribes
    left join {{ ref('stg_fivetran_iterable__message_types') }} as types
        on unsubscribes.message_type_id = types.message_type_id

),

-- Of a user who is not known yet the row's own address counts.
addresses as (

    select person_key, channel, address, batch from {{ ref('stg_fivetran_iterable__addresses') }}
    union
    select person_key, 'email', email, 0 from lefts
    where email is not null

)

select
    addresses.address,
    addresses.channel,
    -- We do not know what type a message of ours would be: whoever leaves one type leaves marketing. Transactional mail is its own.
    case when channels.channel_type = 'transactional' then 'transactional' else 'marketing' end as purpose,
    'opt_out' as status,
    'iterable:left' as method,
    'iterable' as source,
    true as is_explicit,
    lefts.evidence,
    cast(null as timestamp) as expires_at,
    lefts.left_at as occurred_at,
    greatest(lefts.batch, addresses.batch) as batch
from lefts
inner join addresses on lefts.person_key = addresses.person_key
left join {{ ref('stg_fivetran_iterable__channels') }} as channels on lefts.left_channel_id = channels.channel_id
-- Where the channel's medium is not known, all of them are closed; push has no address.
where channels.medium is null or channels.medium = addresses.channel
