-- Form and figures: see staging.web_events.
with

events as (
    select * from raw.app_events
),

repeated as (
    select
        event_id as repeated_event_id,
        min(ingested_at) as first_ingested_at
    from events
    group by event_id
    having count(*) > 1
),

-- What arrived first stands. Rows that tie are copies; should they differ, the least values do.
deduplicated as (
    select
        events.event_id,
        min(events.device_id) as device_id,
        min(events.user_id) as user_id,
        min(events.event_type) as event_type,
        min(events.product_id) as product_id,
        min(events.cart_id) as cart_id,
        min(events.occurred_at) as occurred_at
    from repeated
    right join events on repeated.repeated_event_id = events.event_id
    where
        repeated.repeated_event_id is null
        or events.ingested_at is not distinct from repeated.first_ingested_at
    group by events.event_id
),

identified as (
    select
        event_id,
        event_type,
        product_id,
        cart_id,
        occurred_at,
        identifier('device_id', device_id) as device_id_identifier,
        identifier('user_id', user_id) as user_id_identifier
    from deduplicated
)

select
    event_id,
    event_type,
    product_id,
    cart_id,
    occurred_at,
    device_id_identifier,
    user_id_identifier,
    coalesce(user_id_identifier, device_id_identifier) as identifier
from identified
