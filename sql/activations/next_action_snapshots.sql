-- One action per profile and campaign. due_at follows from what happened, not from the run, so a row
-- stays the same from day to day until it expires.
with

web_events as (
    select * from staging.web_events
    where
        event_type = 'add_to_cart'
        and cart_id is not null
        and occurred_at >= cast($as_of_date as date) - cast($cart_within_days as int)
),

app_events as (
    select * from staging.app_events
    where
        event_type = 'add_to_cart'
        and cart_id is not null
        and occurred_at >= cast($as_of_date as date) - cast($cart_within_days as int)
),

orders as (
    select * from staging.orders
    where is_sale
),

profile_map as (
    select
        identifier,
        profile_id
    from identity.profile_map
    where as_of_date = $as_of_date
),

snapshots as (
    select * from profiles.profile_snapshots
    where as_of_date = $as_of_date
),

consents as (
    select * from profiles.consent_status
    where
        as_of_date = $as_of_date
        and purpose = 'marketing'
        and is_granted
),

scores as (
    select * from scores.churn_scores
    where as_of_date = $as_of_date
),

cart_events as (
    select
        identifier,
        cart_id,
        occurred_at
    from web_events
    union all
    select
        identifier,
        cart_id,
        occurred_at
    from app_events
),

carts as (
    select
        profile_map.profile_id,
        cart_events.cart_id,
        max(cart_events.occurred_at) as last_added_at
    from cart_events
    inner join profile_map on cart_events.identifier = profile_map.identifier
    group by profile_map.profile_id, cart_events.cart_id
),

ordered_carts as (
    select cart_id
    from orders
    where cart_id is not null
    group by cart_id
),

last_orders as (
    select
        profile_map.profile_id,
        max(orders.ordered_at) as last_ordered_at
    from profile_map
    inner join orders on profile_map.identifier = orders.identifier
    group by profile_map.profile_id
),

-- Whoever ordered the cart, or anything since, is not reminded of it.
abandoned_carts as (
    select
        carts.profile_id,
        'abandoned_cart' as campaign,
        carts.cart_id as instance_key,
        carts.last_added_at
            + arrow_cast(cast($cart_wait_hours as bigint) * 3600, 'Duration(Second)') as due_at,
        carts.last_added_at
            + arrow_cast(cast($cart_within_days as bigint) * 86400, 'Duration(Second)') as expires_at,
        1 as priority
    from carts
    left join ordered_carts on carts.cart_id = ordered_carts.cart_id
    left join last_orders on carts.profile_id = last_orders.profile_id
    where
        ordered_carts.cart_id is null
        and (last_orders.last_ordered_at is null or last_orders.last_ordered_at < carts.last_added_at)
    qualify row_number() over (
        partition by carts.profile_id
        order by carts.last_added_at desc, carts.cart_id
    ) = 1
),

welcomes as (
    select
        profile_id,
        'welcome' as campaign,
        'first_seen' as instance_key,
        first_seen_at as due_at,
        first_seen_at
            + arrow_cast(cast($welcome_within_days as bigint) * 86400, 'Duration(Second)') as expires_at,
        2 as priority
    from snapshots
    where has_account or has_crm_contact
),

win_backs as (
    select
        scores.profile_id,
        'win_back' as campaign,
        cast(cast(last_orders.last_ordered_at as date) as varchar) as instance_key,
        last_orders.last_ordered_at
            + arrow_cast(cast($win_back_after_days as bigint) * 86400, 'Duration(Second)') as due_at,
        last_orders.last_ordered_at
            + arrow_cast(
                (cast($win_back_after_days as bigint) + cast($win_back_for_days as bigint)) * 86400,
                'Duration(Second)'
            ) as expires_at,
        3 as priority
    from scores
    inner join last_orders on scores.profile_id = last_orders.profile_id
    where scores.risk_band = 'high'
),

occasions as (
    select
        profile_id,
        campaign,
        instance_key,
        due_at,
        expires_at,
        priority
    from abandoned_carts
    union all
    select
        profile_id,
        campaign,
        instance_key,
        due_at,
        expires_at,
        priority
    from welcomes
    union all
    select
        profile_id,
        campaign,
        instance_key,
        due_at,
        expires_at,
        priority
    from win_backs
),

allowed as (
    select
        profile_id,
        bool_or(channel = 'email') as is_email_granted,
        bool_or(channel = 'sms') as is_sms_granted
    from consents
    group by profile_id
),

contacts as (
    select
        snapshots.profile_id,
        case
            when allowed.is_email_granted and snapshots.email is not null then 'email'
            when allowed.is_sms_granted and snapshots.phone is not null then 'sms'
        end as channel,
        case
            when allowed.is_email_granted and snapshots.email is not null then snapshots.email
            when allowed.is_sms_granted and snapshots.phone is not null then snapshots.phone
        end as contact
    from allowed
    inner join snapshots on allowed.profile_id = snapshots.profile_id
),

-- The hash of profile and campaign decides who is left alone: always the same people.
actions as (
    select
        occasions.profile_id,
        occasions.campaign,
        occasions.instance_key,
        occasions.due_at,
        occasions.expires_at,
        occasions.priority,
        contacts.channel,
        contacts.contact,
        substr(encode(sha256(concat('holdout:', occasions.campaign, ':', occasions.profile_id)), 'hex'), 1, 4)
        < lpad(to_hex(65536 * cast($holdout_percent as bigint) / 100), 4, '0') as is_holdout
    from occasions
    inner join contacts on occasions.profile_id = contacts.profile_id
    where
        contacts.channel is not null
        and occasions.due_at < cast($as_of_date as timestamp)
        and occasions.expires_at > cast($as_of_date as timestamp)
)

select
    encode(sha256(concat(profile_id, ':', campaign, ':', instance_key)), 'hex') as next_action_id,
    profile_id,
    campaign,
    instance_key,
    channel,
    case when not is_holdout then contact end as contact_value,
    encode(sha256(contact), 'hex') as contact_sha256,
    due_at,
    expires_at,
    priority,
    is_holdout,
    cast($as_of_date as date) as as_of_date
from actions
