-- A refusal without a purpose is one of marketing; a grant without a purpose grants nothing.
with

consents as (
    select * from raw.consents
    where status in ('granted', 'refused')
),

-- Of two deliveries at the same time the refusal stands.
first_delivered as (
    select
        consent_id,
        user_id,
        email,
        channel,
        purpose,
        status,
        source,
        recorded_at
    from consents
    qualify row_number() over (
        partition by consent_id
        order by ingested_at, status desc, recorded_at, channel, purpose, source, user_id, email
    ) = 1
),

identified as (
    select
        consent_id,
        lower(trim(channel)) as channel,
        coalesce(
            nullif(lower(trim(purpose)), ''),
            case when status = 'refused' then 'marketing' else 'unspecified' end
        ) as purpose,
        status = 'granted' as is_granted,
        coalesce(nullif(lower(trim(source)), ''), 'unknown') as source,
        recorded_at,
        identifier('user_id', user_id) as user_id_identifier,
        identifier('email', email) as email_identifier
    from first_delivered
)

select
    consent_id,
    channel,
    purpose,
    is_granted,
    source,
    recorded_at,
    user_id_identifier,
    email_identifier,
    coalesce(user_id_identifier, email_identifier) as identifier
from identified
