with

offers as (
    select * from scores.retention_offers
    where as_of_date = $as_of_date
)

select profile_id
from offers
where is_treated
