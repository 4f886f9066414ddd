-- One pass over the events makes days of a profile; every window is a sum over those days.
-- The map comes first in the join: the left side is what a hash join keeps in memory.
with

web_events as (
    select * from staging.web_events
),

app_events as (
    select * from staging.app_events
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
        identifier,
        event_type,
        cast(occurred_at as date) as occurred_on,
        false as is_app
    from web_events
    union all
    select
        identifier,
        event_type,
        cast(occurred_at as date) as occurred_on,
        true as is_app
    from app_events
),

event_type_days as (
    select
        profile_map.profile_id,
        events.event_type,
        events.is_app,
        events.occurred_on,
        count(*) as event_count
    from profile_map
    inner join events on profile_map.identifier = events.identifier
    group by profile_map.profile_id, events.event_type, events.is_app, events.occurred_on
),

days as (
    select
        profile_id,
        cast($as_of_date as date) - occurred_on as days_ago,
        sum(event_count) as event_count,
        sum(case when is_app then event_count else 0 end) as app_event_count,
        sum(case when event_type = 'product_view' then event_count else 0 end) as product_view_count,
        sum(case when event_type = 'search' then event_count else 0 end) as search_count,
        sum(case when event_type = 'add_to_cart' then event_count else 0 end) as cart_add_count,
        sum(case when event_type = 'checkout_started' then event_count else 0 end) as checkout_count,
        sum(case when event_type = 'login' then event_count else 0 end) as login_count
    from event_type_days
    group by profile_id, occurred_on
)

select
    profile_id,
    min(days_ago) as days_since_last_event,
    max(days_ago) as days_since_first_event,
    sum(case when days_ago <= 7 then event_count else 0 end) as event_count_7d,
    sum(case when days_ago <= 30 then event_count else 0 end) as event_count_30d,
    sum(case when days_ago <= 90 then event_count else 0 end) as event_count_90d,
    sum(case when days_ago <= 365 then event_count else 0 end) as event_count_365d,
    sum(case when days_ago <= 7 then 1 else 0 end) as active_day_count_7d,
    sum(case when days_ago <= 30 then 1 else 0 end) as active_day_count_30d,
    sum(case when days_ago <= 90 then 1 else 0 end) as active_day_count_90d,
    sum(case when days_ago <= 365 then 1 else 0 end) as active_day_count_365d,
    sum(case when days_ago <= 90 then app_event_count else 0 end) as app_event_count_90d,
    sum(case when days_ago <= 30 then product_view_count else 0 end) as product_view_count_30d,
    sum(case when days_ago <= 90 then product_view_count else 0 end) as product_view_count_90d,
    sum(case when days_ago <= 90 then search_count else 0 end) as search_count_90d,
    sum(case when days_ago <= 30 then cart_add_count else 0 end) as cart_add_count_30d,
    sum(case when days_ago <= 90 then cart_add_count else 0 end) as cart_add_count_90d,
    sum(case when days_ago <= 90 then checkout_count else 0 end) as checkout_count_90d,
    sum(case when days_ago <= 90 then login_count else 0 end) as login_count_90d,
    cast($as_of_date as date) as as_of_date
from days
group by profile_id
