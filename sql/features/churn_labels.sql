-- Horizon and gap are said once, in `[churn]` of cdp.toml, which supplies the two parameters.
-- What became of those who were eligible at each cut-off, as known at as_of_date.
-- Profiles may have merged or split since: one of a cut-off is every profile of today that holds
-- one of its identifiers, and has not churned if any of them bought.
with

cohort as (
    select
        profile_id,
        as_of_date as cutoff_date
    from features.churn_features
    where
        array_has($cutoff_dates, as_of_date)
        and as_of_date <= $as_of_date - cast($gap_days as int) - cast($horizon_days as int)
        and as_of_date < $as_of_date
        and is_eligible
),

map_then as (
    select
        identifier,
        profile_id,
        as_of_date as cutoff_date
    from identity.profile_map
    where
        array_has($cutoff_dates, as_of_date)
        and as_of_date <= $as_of_date - cast($gap_days as int) - cast($horizon_days as int)
        and as_of_date < $as_of_date
),

map_now as (
    select
        identifier,
        profile_id
    from identity.profile_map
    where as_of_date = $as_of_date
),

orders as (
    select * from staging.orders
    where is_sale
),

links as (
    select
        map_then.cutoff_date,
        map_then.profile_id,
        map_now.profile_id as profile_id_now
    from map_now
    inner join map_then on map_now.identifier = map_then.identifier
    group by map_then.cutoff_date, map_then.profile_id, map_now.profile_id
),

order_days as (
    select
        map_now.profile_id as profile_id_now,
        cast(orders.ordered_at as date) as ordered_on
    from map_now
    inner join orders on map_now.identifier = orders.identifier
    group by map_now.profile_id, cast(orders.ordered_at as date)
),

outcomes as (
    select
        links.cutoff_date,
        links.profile_id,
        sum(
            case
                when
                    order_days.ordered_on >= links.cutoff_date + cast($gap_days as int)
                    and order_days.ordered_on
                    < links.cutoff_date + cast($gap_days as int) + cast($horizon_days as int)
                    then 1
                else 0
            end
        ) as order_day_count
    from links
    left join order_days on links.profile_id_now = order_days.profile_id_now
    group by links.cutoff_date, links.profile_id
)

select
    cohort.profile_id,
    cohort.cutoff_date,
    outcomes.order_day_count = 0 as churned,
    cast($horizon_days as int) as horizon_days,
    cast($gap_days as int) as gap_days,
    cast($as_of_date as date) as as_of_date
from cohort
inner join outcomes
    on
        cohort.profile_id = outcomes.profile_id
        and cohort.cutoff_date = outcomes.cutoff_date
