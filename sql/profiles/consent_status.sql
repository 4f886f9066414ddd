-- The most restrictive word holds: over the latest decision of every source and identifier, one
-- refusal is enough. An unsubscription or complaint refuses e-mail until a later grant.
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

by_source as (
    select
        profile_map.profile_id,
        decisions.identifier,
        decisions.channel,
        decisions.purpose,
        decisions.source,
        max(decisions.recorded_at) as decided_at,
        max(case when decisions.is_granted then decisions.recorded_at end) as granted_at,
        max(case when not decisions.is_granted then decisions.recorded_at end) as refused_at
    from decisions
    inner join profile_map on decisions.identifier = profile_map.identifier
    group by
        profile_map.profile_id,
        decisions.identifier,
        decisions.channel,
        decisions.purpose,
        decisions.source
),

by_profile as (
    select
        profile_id,
        channel,
        purpose,
        bool_and(refused_at is null or coalesce(granted_at > refused_at, false))
            filter (where source <> 'email_events') as is_granted_by_all,
        bool_or(refused_at is null or coalesce(granted_at > refused_at, false))
            filter (where source <> 'email_events') as is_granted_by_any,
        max(granted_at) as granted_at,
        max(case when source = 'email_events' then refused_at end) as unsubscribed_at,
        max(decided_at) as decided_at
    from by_source
    group by profile_id, channel, purpose
),

resolved as (
    select
        profile_id,
        channel,
        purpose,
        coalesce(is_granted_by_all, false)
        and (unsubscribed_at is null or coalesce(granted_at > unsubscribed_at, false)) as is_granted,
        coalesce(is_granted_by_any, false) as is_granted_by_any,
        decided_at
    from by_profile
)

select
    profile_id,
    channel,
    purpose,
    is_granted,
    case
        when is_granted then 'granted'
        when is_granted_by_any then 'conflict'
        else 'refused'
    end as status,
    decided_at,
    cast($as_of_date as date) as as_of_date
from resolved
