-- An offer to one who would stay anyway costs as much as one that saves, so it pays where
-- probability x save rate x margin on what is at stake is above its cost.
with

scores as (
    select * from scores.churn_scores
    where
        as_of_date = $as_of_date
        and churn_probability is not null
),

customer_values as (
    select * from scores.customer_values
    where as_of_date = $as_of_date
),

stakes as (
    select
        scores.profile_id,
        scores.churn_probability,
        scores.model_id,
        customer_values.lifetime_value_if_active * cast($margin_share as double) as margin_at_stake
    from scores
    left join customer_values on scores.profile_id = customer_values.profile_id
),

gains as (
    select
        profile_id,
        churn_probability,
        model_id,
        margin_at_stake,
        cast($offer_cost as double) / nullif(cast($save_rate as double) * margin_at_stake, 0) as churn_threshold,
        churn_probability * cast($save_rate as double) * margin_at_stake
        - cast($offer_cost as double) as expected_gain
    from stakes
),

judged as (
    select
        profile_id,
        churn_probability,
        model_id,
        margin_at_stake,
        churn_threshold,
        expected_gain,
        coalesce(churn_probability > churn_threshold, false) as is_worthwhile,
        substr(encode(sha256(concat('holdout:', cast($campaign as varchar), ':', profile_id)), 'hex'), 1, 4)
        < lpad(to_hex(65536 * cast($holdout_percent as bigint) / 100), 4, '0') as is_in_holdout_share
    from gains
)

select
    profile_id,
    churn_probability,
    margin_at_stake,
    churn_threshold,
    expected_gain,
    is_worthwhile,
    is_worthwhile and is_in_holdout_share as is_holdout,
    is_worthwhile and not is_in_holdout_share as is_treated,
    model_id,
    cast($as_of_date as date) as as_of_date
from judged
