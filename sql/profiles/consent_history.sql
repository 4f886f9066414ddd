-- At every moment at which something was decided, what all decisions until then come to: by the same
-- rules as in consent_status, which is the last row of each channel and purpose here.
with

consents as (
    select * from staging.consents
),

email_events as (
    select * from staging.email_events
    where event_type in ('unsubscribed', 'complained')
),

profile_map as (
    select
        identifier,
        profile_id
    from identity.profile_map
    where as_of_date = $as_of_date
),

decisions as (
    select
        identifier,
        channel,
        purpose,
        source,
        is_granted,
        recorded_at
    from consents
    union all
    select
        identifier,
        'email' as channel,
        'marketing' as purpose,
        'email_events' as source,
        false as is_granted,
        occurred_at as recorded_at
    from email_events
),

of_profiles as (
    select
        profile_map.profile_id,
        decisions.identifier,
        decisions.channel,
        decisions.purpose,
        decisions.source,
        decisions.is_granted,
        decisions.recorded_at
    from decisions
    inner join profile_map on decisions.identifier = profile_map.identifier
),

moments as (
    select
        profile_id,
        channel,
        purpose,
        recorded_at,
        array_to_string(array_sort(array_agg(distinct source)), ',') as source
    from of_profiles
    group by profile_id, channel, purpose, recorded_at
),

by_source as (
    select
        moments.profile_id,
        moments.channel,
        moments.purpose,
        moments.recorded_at,
        of_profiles.identifier,
        of_profiles.source,
        max(case when of_profiles.is_granted then of_profiles.recorded_at end) as granted_at,
        max(case when not of_profiles.is_granted then of_profiles.recorded_at end) as refused_at
    from moments
    inner join of_profiles
        on
            moments.profile_id = of_profiles.profile_id
            and moments.channel = of_profiles.channel
            and moments.purpose = of_profiles.purpose
            and moments.recorded_at >= of_profiles.recorded_at
    group by
        moments.profile_id,
        moments.channel,
        moments.purpose,
        moments.recorded_at,
        of_profiles.identifier,
        of_profiles.source
),

by_moment as (
    select
        profile_id,
        channel,
        purpose,
        recorded_at,
        bool_and(refused_at is null or coalesce(granted_at > refused_at, false))
            filter (where source <> 'email_events') as is_granted_by_all,
        bool_or(refused_at is null or coalesce(granted_at > refused_at, false))
            filter (where source <> 'email_events') as is_granted_by_any,
        max(granted_at) as granted_at,
        max(case when source = 'email_events' then refused_at end) as unsubscribed_at
    from by_source
    group by profile_id, channel, purpose, recorded_at
),

resolved as (
    select
        profile_id,
        channel,
        purpose,
        recorded_at,
        case
            when
                coalesce(is_granted_by_all, false)
                and (unsubscribed_at is null or coalesce(granted_at > unsubscribed_at, false))
                then 'granted'
            when coalesce(is_granted_by_any, false) then 'conflict'
            else 'refused'
        end as status
    from by_moment
),

compared as (
    select
        profile_id,
        channel,
        purpose,
        recorded_at,
        status,
        lag(status) over (partition by profile_id, channel, purpose order by recorded_at) as previous_status
    from resolved
),

changed as (
    select
        profile_id,
        channel,
        purpose,
        coalesce(previous_status, 'unknown') as from_status,
        status as to_status,
        recorded_at as changed_at
    from compared
    where previous_status is null or previous_status <> status
)

select
    changed.profile_id,
    changed.channel,
    changed.purpose,
    changed.from_status,
    changed.to_status,
    changed.changed_at,
    lead(changed.changed_at) over (
        partition by changed.profile_id, changed.channel, changed.purpose
        order by changed.changed_at
    ) as superseded_at,
    moments.source,
    cast($as_of_date as date) as as_of_date
from changed
inner join moments
    on
        changed.profile_id = moments.profile_id
        and changed.channel = moments.channel
        and changed.purpose = moments.purpose
        and changed.changed_at = moments.recorded_at
