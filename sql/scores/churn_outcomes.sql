-- What became of the very rows that were scored on closing_dates: those whose horizon closed since the
-- last date for which this was told, so that none is lost when a day is not run or the horizon changes.
-- As known today; identities may have changed since, as in features.churn_labels.
-- Sums are of decimals, so that the order of rows changes no digit.
with

scores as (
    select * from scores.churn_scores
    where
        array_has($closing_dates, as_of_date)
        and churn_probability is not null
),

-- Scores of older programs do not say their horizon.
horizons as (
    select
        as_of_date as scored_date,
        cast(coalesce(max(horizon_days), $horizon_days) as int) as horizon_days
    from scores
    group by as_of_date
),

offers as (
    select * from scores.retention_offers
    where array_has($closing_dates, as_of_date)
),

map_then as (
    select
        identifier,
        profile_id,
        as_of_date as scored_date
    from identity.profile_map
    where array_has($closing_dates, as_of_date)
),

map_now as (
    select
        identifier,
        profile_id
    from identity.profile_map
    where as_of_date = $as_of_date
),

target_events as (
    select * from staging.target_events
    where
        $churn_kind <> 'contractual'
        and occurred_at >= array_min($closing_dates) + cast($gap_days as int)
),

subscription_periods as (
    select * from staging.subscription_periods
    where $churn_kind = 'contractual'
),

links as (
    select
        map_then.scored_date,
        horizons.horizon_days,
        map_then.profile_id,
        map_now.profile_id as profile_id_now
    from map_now
    inner join map_then on map_now.identifier = map_then.identifier
    inner join horizons on map_then.scored_date = horizons.scored_date
    group by map_then.scored_date, horizons.horizon_days, map_then.profile_id, map_now.profile_id
),

target_days as (
    select
        map_now.profile_id as profile_id_now,
        cast(target_events.occurred_at as date) as occurred_on
    from map_now
    inner join target_events on map_now.identifier = target_events.identifier
    group by map_now.profile_id, cast(target_events.occurred_at as date)
),

periods as (
    select
        links.scored_date,
        links.horizon_days,
        links.profile_id,
        subscription_periods.starts_on,
        subscription_periods.ends_on
    from links
    inner join map_now on links.profile_id_now = map_now.profile_id
    inner join subscription_periods on map_now.identifier = subscription_periods.identifier
),

came_back as (
    select
        links.scored_date as came_back_date,
        links.profile_id as came_back_profile_id
    from links
    inner join target_days on links.profile_id_now = target_days.profile_id_now
    where
        target_days.occurred_on >= links.scored_date + cast($gap_days as int)
        and target_days.occurred_on
        < links.scored_date + cast($gap_days as int) + links.horizon_days
    group by links.scored_date, links.profile_id
),

-- Under a contract those stayed who have a subscription that runs; whose last one had ended before the
-- horizon began are not judged.
stayed as (
    select
        scored_date as stayed_date,
        profile_id as stayed_profile_id
    from periods
    where
        starts_on < scored_date + cast($gap_days as int) + horizon_days
        and (
            ends_on is null
            or ends_on >= scored_date + cast($gap_days as int) + horizon_days
        )
    group by scored_date, profile_id
),

bound as (
    select
        scored_date as bound_date,
        profile_id as bound_profile_id
    from periods
    where
        starts_on < scored_date + cast($gap_days as int)
        and (ends_on is null or ends_on >= scored_date + cast($gap_days as int))
    group by scored_date, profile_id
),

judged as (
    select
        scores.profile_id,
        scores.as_of_date as scored_date,
        horizons.horizon_days,
        scores.model_id,
        scores.churn_probability,
        came_back.came_back_profile_id is null and stayed.stayed_profile_id is null as is_churned,
        case
            when offers.is_treated then 'treated'
            when offers.is_holdout then 'holdout'
            else 'no_offer'
        end as cohort
    from scores
    inner join horizons on scores.as_of_date = horizons.scored_date
    left join offers
        on
            scores.profile_id = offers.profile_id
            and scores.as_of_date = offers.as_of_date
    left join came_back
        on
            scores.profile_id = came_back.came_back_profile_id
            and scores.as_of_date = came_back.came_back_date
    left join stayed
        on
            scores.profile_id = stayed.stayed_profile_id
            and scores.as_of_date = stayed.stayed_date
    left join bound
        on
            scores.profile_id = bound.bound_profile_id
            and scores.as_of_date = bound.bound_date
    where $churn_kind <> 'contractual' or bound.bound_profile_id is not null
),

cohorts as (
    select
        'all' as cohort,
        profile_id,
        scored_date,
        horizon_days,
        model_id,
        churn_probability,
        is_churned
    from judged
    union all
    select
        cohort,
        profile_id,
        scored_date,
        horizon_days,
        model_id,
        churn_probability,
        is_churned
    from judged
),

ranked as (
    select
        cohort,
        scored_date,
        horizon_days,
        model_id,
        churn_probability,
        case when is_churned then 1 else 0 end as churned,
        case when is_churned then churn_probability else 1 - churn_probability end as told_of_it,
        -- Twice the mean rank of those with the same probability, which is a whole number.
        2 * rank() over (
            partition by scored_date, cohort
            order by churn_probability
        )
        + count(*) over (
            partition by scored_date, cohort, churn_probability
        ) - 1 as rank_twice,
        ntile(10) over (
            partition by scored_date, cohort
            order by churn_probability, profile_id
        ) as decile
    from cohorts
),

sums as (
    select
        cohort,
        0 as decile,
        scored_date,
        min(horizon_days) as horizon_days,
        min(model_id) as model_id,
        count(*) as row_count,
        sum(churned) as churned_count,
        sum(cast(churn_probability as decimal(24, 15))) as probability_sum,
        sum(cast((1 - told_of_it) * (1 - told_of_it) as decimal(24, 15))) as square_sum,
        sum(cast(-ln(greatest(told_of_it, 1e-15)) as decimal(24, 15))) as loss_sum,
        sum(case when churned = 1 then rank_twice else 0 end) as churned_rank_twice
    from ranked
    group by cohort, scored_date
    union all
    select
        cohort,
        decile,
        scored_date,
        min(horizon_days) as horizon_days,
        min(model_id) as model_id,
        count(*) as row_count,
        sum(churned) as churned_count,
        sum(cast(churn_probability as decimal(24, 15))) as probability_sum,
        sum(cast((1 - told_of_it) * (1 - told_of_it) as decimal(24, 15))) as square_sum,
        sum(cast(-ln(greatest(told_of_it, 1e-15)) as decimal(24, 15))) as loss_sum,
        null as churned_rank_twice
    from ranked
    group by cohort, decile, scored_date
)

select
    cohort,
    cast(decile as int) as decile,
    scored_date,
    cast(horizon_days as bigint) as horizon_days,
    model_id,
    row_count,
    churned_count,
    cast(churned_count as double) / row_count as churn_rate,
    cast(probability_sum as double) / row_count as mean_probability,
    cast(loss_sum as double) / row_count as log_loss,
    cast(square_sum as double) / row_count as brier,
    cast(churned_rank_twice - churned_count * (churned_count + 1) as double)
    / nullif(2 * churned_count * (row_count - churned_count), 0) as roc_auc,
    cast($as_of_date as date) as as_of_date
from sums
