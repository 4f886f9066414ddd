-- Who may be scored is judged by this, and rules that a model has to beat are made of it.
with

target_events as (
    select * from staging.target_events
    where $churn_kind <> 'contractual'
),

subscription_periods as (
    select * from staging.subscription_periods
    where $churn_kind = 'contractual'
),

profile_map as (
    select
        identifier,
        profile_id
    from identity.profile_map
    where as_of_date = $as_of_date
),

-- Under a contract what counts is that it runs, and was begun or renewed.
events as (
    select
        identifier,
        cast(occurred_at as date) as occurred_on,
        false as is_running
    from target_events
    union all
    select
        identifier,
        starts_on as occurred_on,
        ends_on is null or ends_on >= cast($as_of_date as date) as is_running
    from subscription_periods
),

days as (
    select
        profile_map.profile_id,
        cast($as_of_date as date) - events.occurred_on as days_ago,
        count(*) as event_count,
        max(case when events.is_running then 1 else 0 end) as is_running
    from profile_map
    inner join events on profile_map.identifier = events.identifier
    group by profile_map.profile_id, events.occurred_on
)

select
    profile_id,
    sum(event_count) as target_event_count,
    min(days_ago) as target_recency_days,
    max(days_ago) as target_tenure_days,
    count(*) - 1 as target_frequency,
    max(is_running) = 1 as has_running_subscription,
    cast($as_of_date as date) as as_of_date
from days
group by profile_id
