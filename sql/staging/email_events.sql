-- Form and figures: see staging.web_events.
with

events as (
    select * from raw.email_events
),

repeated as (
    select
        event_id as repeated_event_id,
        min(ingested_at) as first_ingested_at
    from events
    group by event_id
    having count(*) > 1
),

deduplicated as (
    select
        events.event_id,
        min(events.email) as email,
        min(events.campaign_id) as campaign_id,
        min(events.event_type) as event_type,
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
        campaign_id,
        occurred_at,
        identifier('email', email) as email_identifier
    from deduplicated
)

select
    event_id,
    event_type,
    campaign_id,
    occurred_at,
    email_identifier,
    email_identifier as identifier
from identified
