-- From one event of a subscription to the next. One that nothing follows lasts until it lapses, if
-- `churn.lapse_days` in cdp.toml says that it does.
with

subscription_events as (
    select * from staging.subscription_events
),

followed as (
    select
        event_id,
        subscription_id,
        event_type,
        identifier,
        cast(occurred_at as date) as occurred_on,
        lead(cast(occurred_at as date)) over (
            partition by subscription_id
            order by occurred_at, (event_type = 'cancelled'), event_id desc
        ) as next_on
    from subscription_events
)

select
    event_id,
    subscription_id,
    identifier,
    occurred_on as starts_on,
    case
        when cast($lapse_days as int) = 0 then next_on
        when next_on < occurred_on + cast($lapse_days as int) then next_on
        else occurred_on + cast($lapse_days as int)
    end as ends_on
from followed
where event_type <> 'cancelled'
