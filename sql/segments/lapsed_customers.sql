with

orders as (
    select * from features.order_features
    where as_of_date = $as_of_date
)

select profile_id
from orders
where recency_days > cast($recency_days_min as int)
