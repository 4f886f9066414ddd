with

orders as (
    select * from features.order_features
    where as_of_date = $as_of_date
)

select profile_id
from orders
where
    order_count_365d >= cast($loyal_orders_min as int)
    and active_month_count >= cast($months_min as int)
    and recency_days <= cast($recency_days_max as int)
