with

events as (
    select * from raw.subscription_events
),

first_delivered as (
    select
        event_id,
        subscription_id,
        user_id,
        event_type,
        plan,
        monthly_amount,
        occurred_at
    from events
    qualify row_number() over (
        partition by event_id
        order by
            ingested_at, occurred_at, subscription_id, event_type, user_id, plan, monthly_amount
    ) = 1
),

identified as (
    select
        event_id,
        subscription_id,
        event_type,
        plan,
        monthly_amount,
        occurred_at,
        identifier('user_id', user_id) as user_id_identifier
    from first_delivered
)

select
    event_id,
    subscription_id,
    event_type,
    plan,
    monthly_amount,
    occurred_at,
    user_id_identifier,
    user_id_identifier as identifier
from identified
