with

support_tickets as (
    select * from staging.support_tickets
),

profile_map as (
    select
        identifier,
        profile_id
    from identity.profile_map
    where as_of_date = $as_of_date
),

tickets as (
    select
        profile_map.profile_id,
        support_tickets.category,
        support_tickets.satisfaction,
        support_tickets.closed_at is null as is_open,
        cast($as_of_date as date) - cast(support_tickets.opened_at as date) as days_ago
    from profile_map
    inner join support_tickets on profile_map.identifier = support_tickets.identifier
)

select
    profile_id,
    count(*) as ticket_count,
    sum(case when days_ago <= 90 then 1 else 0 end) as ticket_count_90d,
    sum(case when days_ago <= 365 then 1 else 0 end) as ticket_count_365d,
    sum(case when is_open then 1 else 0 end) as open_ticket_count,
    sum(case when category in ('delivery', 'quality') and days_ago <= 365 then 1 else 0 end) as complaint_count_365d,
    min(days_ago) as days_since_last_ticket,
    cast(sum(satisfaction) as double) / nullif(count(satisfaction), 0) as satisfaction_mean,
    min(satisfaction) as satisfaction_min,
    cast($as_of_date as date) as as_of_date
from tickets
group by profile_id
