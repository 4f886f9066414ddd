with

subscription_events as (
    select * from staging.subscription_events
),

profile_map as (
    select
        identifier,
        profile_id
    from identity.profile_map
    where as_of_date = $as_of_date
),

events as (
    select
        profile_map.profile_id,
        subscription_events.subscription_id,
        subscription_events.event_id,
        subscription_events.event_type,
        subscription_events.monthly_amount,
        subscription_events.occurred_at,
        cast($as_of_date as date) - cast(subscription_events.occurred_at as date) as days_ago
    from profile_map
    inner join subscription_events on profile_map.identifier = subscription_events.identifier
),

-- The latest event of a subscription is its state; of events at one time a cancellation is the last.
numbered as (
    select
        profile_id,
        event_type,
        monthly_amount,
        days_ago,
        row_number() over (
            partition by profile_id, subscription_id
            order by occurred_at desc, (event_type = 'cancelled') desc, event_id
        ) as event_number
    from events
)

select
    profile_id,
    sum(case when event_number = 1 then 1 else 0 end) as subscription_count,
    sum(case when event_number = 1 and event_type <> 'cancelled' then 1 else 0 end) as active_subscription_count,
    sum(
        case when event_number = 1 and event_type <> 'cancelled' then coalesce(monthly_amount, 0) else 0 end
    ) as monthly_amount,
    sum(case when event_type = 'renewed' then 1 else 0 end) as renewal_count,
    sum(case when event_type = 'cancelled' then 1 else 0 end) as cancellation_count,
    min(case when event_type = 'cancelled' then days_ago end) as days_since_last_cancellation,
    min(case when event_type = 'renewed' then days_ago end) as days_since_last_renewal,
    max(days_ago) as days_since_first_subscription,
    cast($as_of_date as date) as as_of_date
from numbered
group by profile_id
