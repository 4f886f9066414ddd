with

today as (
    select
        identifier,
        profile_id
    from identity.profile_map
    where as_of_date = $as_of_date
),

before as (
    select
        identifier,
        profile_id
    from identity.profile_map
    where as_of_date = $previous_date
),

today_profiles as (
    select profile_id
    from today
    group by profile_id
),

before_profiles as (
    select profile_id
    from before
    group by profile_id
),

moves as (
    select
        before.profile_id as from_profile_id,
        today.profile_id as to_profile_id
    from before
    inner join today on before.identifier = today.identifier
    where before.profile_id <> today.profile_id
    group by before.profile_id, today.profile_id
),

moved as (
    select
        case when today_profiles.profile_id is null then 'merged' else 'split' end as change_type,
        moves.from_profile_id,
        moves.to_profile_id
    from moves
    left join today_profiles on moves.from_profile_id = today_profiles.profile_id
),

created as (
    select
        'created' as change_type,
        cast(null as varchar) as from_profile_id,
        today_profiles.profile_id as to_profile_id
    from today_profiles
    left join before_profiles on today_profiles.profile_id = before_profiles.profile_id
    left join (select to_profile_id from moves group by to_profile_id) as movers
        on today_profiles.profile_id = movers.to_profile_id
    where
        before_profiles.profile_id is null
        and movers.to_profile_id is null
),

changes as (
    select
        change_type,
        from_profile_id,
        to_profile_id
    from moved
    union all
    select
        change_type,
        from_profile_id,
        to_profile_id
    from created
)

select
    concat(change_type, ':', coalesce(from_profile_id, ''), ':', to_profile_id) as profile_change_id,
    change_type,
    from_profile_id,
    to_profile_id,
    cast($as_of_date as date) as as_of_date
from changes
