with

scores as (
    select * from scores.churn_scores
    where as_of_date = $as_of_date
)

select profile_id
from scores
where risk_band = 'high'
