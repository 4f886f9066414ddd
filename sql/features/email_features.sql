with

email_events as (
    select * from staging.email_events
),

profile_map as (
    select
        identifier,
        profile_id
    from identity.profile_map
    where as_of_date = $as_of_date
),

event_type_days as (
    select
        profile_map.profile_id,
        email_events.event_type,
        cast($as_of_date as date) - cast(email_events.occurred_at as date) as days_ago,
        count(*) as event_count
    from profile_map
    inner join email_events on profile_map.identifier = email_events.identifier
    group by
        profile_map.profile_id,
        email_events.event_type,
        cast($as_of_date as date) - cast(email_events.occurred_at as date)
),

windows as (
    select
        profile_id,
        sum(case when event_type = 'delivered' and days_ago <= 30 then event_count else 0 end) as delivered_count_30d,
        sum(case when event_type = 'delivered' and days_ago <= 90 then event_count else 0 end) as delivered_count_90d,
        sum(case when event_type = 'opened' and days_ago <= 30 then event_count else 0 end) as opened_count_30d,
        sum(case when event_type = 'opened' and days_ago <= 90 then event_count else 0 end) as opened_count_90d,
        sum(case when event_type = 'clicked' and days_ago <= 30 then event_count else 0 end) as clicked_count_30d,
        sum(case when event_type = 'clicked' and days_ago <= 90 then event_count else 0 end) as clicked_count_90d,
        sum(case when event_type = 'bounced' and days_ago <= 90 then event_count else 0 end) as bounced_count_90d,
        sum(case when event_type = 'unsubscribed' then event_count else 0 end) as unsubscribed_count,
        sum(case when event_type = 'complained' then event_count else 0 end) as complained_count,
        min(case when event_type = 'opened' then days_ago end) as days_since_last_open,
        min(case when event_type = 'clicked' then days_ago end) as days_since_last_click
    from event_type_days
    group by profile_id
)

select
    profile_id,
    delivered_count_30d,
    delivered_count_90d,
    opened_count_30d,
    opened_count_90d,
    clicked_count_30d,
    clicked_count_90d,
    bounced_count_90d,
    unsubscribed_count,
    complained_count,
    cast(opened_count_90d as double) / nullif(delivered_count_90d, 0) as open_rate_90d,
    cast(clicked_count_90d as double) / nullif(delivered_count_90d, 0) as click_rate_90d,
    days_since_last_open,
    days_since_last_click,
    cast($as_of_date as date) as as_of_date
from windows
