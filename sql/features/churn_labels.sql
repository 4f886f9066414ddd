-- What churn is, its horizon and gap are said once, in `[churn]` of cdp.toml, which supplies the
-- parameters.
-- What became of those who were eligible at each cut-off, as known at as_of_date.
-- Profiles may have merged or split since: one of a cut-off is every profile of today that holds
-- one of its identifiers, and has not churned if any of them came back, or has a subscription that
-- runs. Whose last subscription ended within the gap is out of reach, and has no label.
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

target_events as (
    select * from staging.target_events
    where $churn_kind <> 'contractual'
),

subscription_periods as (
    select * from staging.subscription_periods
    where $churn_kind = 'contractual'
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

event_days as (
    select
        map_now.profile_id as profile_id_now,
        cast(target_events.occurred_at as date) as occurred_on
    from map_now
    inner join target_events on map_now.identifier = target_events.identifier
    group by map_now.profile_id, cast(target_events.occurred_at as date)
),

periods as (
    select
        map_now.profile_id as profile_id_now,
        subscription_periods.starts_on,
        subscription_periods.ends_on
    from map_now
    inner join subscription_periods on map_now.identifier = subscription_periods.identifier
),

outcomes as (
    select
        links.cutoff_date,
        links.profile_id,
        sum(
            case
                when
                    event_days.occurred_on >= links.cutoff_date + cast($gap_days as int)
                    and event_days.occurred_on
                    < links.cutoff_date + cast($gap_days as int) + cast($horizon_days as int)
                    then 1
                else 0
            end
        ) as event_day_count
    from links
    left join event_days on links.profile_id_now = event_days.profile_id_now
    group by links.cutoff_date, links.profile_id
),

contracts as (
    select
        links.cutoff_date,
        links.profile_id,
        max(
            case
                when
                    periods.starts_on < links.cutoff_date + cast($gap_days as int)
                    and (periods.ends_on is null or periods.ends_on >= links.cutoff_date + cast($gap_days as int))
                    then 1
                else 0
            end
        ) as runs_at_start,
        max(
            case
                when
                    periods.starts_on < links.cutoff_date + cast($gap_days as int) + cast($horizon_days as int)
                    and (
                        periods.ends_on is null
                        or periods.ends_on
                        >= links.cutoff_date + cast($gap_days as int) + cast($horizon_days as int)
                    )
                    then 1
                else 0
            end
        ) as runs_at_end
    from links
    inner join periods on links.profile_id_now = periods.profile_id_now
    group by links.cutoff_date, links.profile_id
)

select
    cohort.profile_id,
    cohort.cutoff_date,
    case
        when $churn_kind = 'contractual' then contracts.runs_at_end = 0
        else outcomes.event_day_count = 0
    end as churned,
    cast($horizon_days as int) as horizon_days,
    cast($gap_days as int) as gap_days,
    cast($as_of_date as date) as as_of_date
from cohort
inner join outcomes
    on
        cohort.profile_id = outcomes.profile_id
        and cohort.cutoff_date = outcomes.cutoff_date
left join contracts
    on
        cohort.profile_id = contracts.profile_id
        and cohort.cutoff_date = contracts.cutoff_date
where $churn_kind <> 'contractual' or contracts.runs_at_start = 1
