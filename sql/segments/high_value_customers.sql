with

orders as (
    select * from features.order_features
    where
        as_of_date = $as_of_date
        and order_count_365d > 0
),

threshold as (
    select
        percentile_cont(cast($from_quantile as double))
            within group (order by cast(order_amount_365d as double)) as order_amount_365d
    from orders
)

select orders.profile_id
from orders
cross join threshold
where cast(orders.order_amount_365d as double) >= threshold.order_amount_365d
