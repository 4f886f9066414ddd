with

orders as (
    select * from features.order_features
    where as_of_date = $as_of_date
)

select profile_id
from orders
where tenure_days <= cast($new_within_days as int)
