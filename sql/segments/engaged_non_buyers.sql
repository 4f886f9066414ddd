with

activity as (
    select * from features.activity_features
    where as_of_date = $as_of_date
),

orders as (
    select * from features.order_features
    where as_of_date = $as_of_date
)

select activity.profile_id
from activity
left join orders on activity.profile_id = orders.profile_id
where
    activity.active_day_count_30d >= cast($active_days_min as int)
    and orders.profile_id is null
