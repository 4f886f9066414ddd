-- A log: a run sees here only rows that no earlier run has seen. So each row must say the same
-- whatever other rows are there: no latest version, no ranking.
with

web_events as (
    select * from staging.web_events
),

app_events as (
    select * from staging.app_events
),

orders as (
    select * from staging.orders
),

contacts as (
    select * from staging.contacts
),

email_events as (
    select * from staging.email_events
),

support_tickets as (
    select * from staging.support_tickets
),

subscription_events as (
    select * from staging.subscription_events
),

consents as (
    select * from staging.consents
),

demographics as (
    select * from staging.demographics
),

-- Rows with more than two identifiers: the strongest with each of the others.
order_links as (
    select
        identifier,
        unnest(make_array(user_id_identifier, email_identifier, phone_identifier)) as other_identifier,
        ordered_at
    from orders
),

contact_links as (
    select
        identifier,
        unnest(
            make_array(
                user_id_identifier,
                crm_id_identifier,
                loyalty_id_identifier,
                email_identifier,
                phone_identifier
            )
        ) as other_identifier,
        updated_at
    from contacts
),

links as (
    select
        anonymous_id_identifier as one_identifier,
        user_id_identifier as other_identifier,
        'web_events' as source,
        occurred_at as seen_at
    from web_events
    union all
    select
        device_id_identifier as one_identifier,
        user_id_identifier as other_identifier,
        'app_events' as source,
        occurred_at as seen_at
    from app_events
    union all
    select
        identifier as one_identifier,
        other_identifier,
        'orders' as source,
        ordered_at as seen_at
    from order_links
    where other_identifier <> identifier
    union all
    select
        identifier as one_identifier,
        cast(null as varchar) as other_identifier,
        'orders' as source,
        ordered_at as seen_at
    from orders
    where
        (user_id_identifier is null or (email_identifier is null and phone_identifier is null))
        and (email_identifier is null or phone_identifier is null)
    union all
    select
        identifier as one_identifier,
        other_identifier,
        'contacts' as source,
        updated_at as seen_at
    from contact_links
    where other_identifier <> identifier
    union all
    select
        identifier as one_identifier,
        cast(null as varchar) as other_identifier,
        'contacts' as source,
        updated_at as seen_at
    from contacts
    where
        coalesce(user_id_identifier, identifier) = identifier
        and coalesce(crm_id_identifier, identifier) = identifier
        and coalesce(loyalty_id_identifier, identifier) = identifier
        and coalesce(email_identifier, identifier) = identifier
        and coalesce(phone_identifier, identifier) = identifier
    union all
    select
        email_identifier as one_identifier,
        cast(null as varchar) as other_identifier,
        'email_events' as source,
        occurred_at as seen_at
    from email_events
    union all
    select
        user_id_identifier as one_identifier,
        email_identifier as other_identifier,
        'support_tickets' as source,
        opened_at as seen_at
    from support_tickets
    union all
    select
        user_id_identifier as one_identifier,
        cast(null as varchar) as other_identifier,
        'subscription_events' as source,
        occurred_at as seen_at
    from subscription_events
    union all
    select
        user_id_identifier as one_identifier,
        email_identifier as other_identifier,
        'consents' as source,
        recorded_at as seen_at
    from consents
    -- A bought record may tie two identifiers together; a lone one in it makes nobody known.
    union all
    select
        email_identifier as one_identifier,
        phone_identifier as other_identifier,
        'demographics' as source,
        provided_at as seen_at
    from demographics
    where
        email_identifier is not null
        and phone_identifier is not null
),

grouped as (
    select
        one_identifier,
        other_identifier,
        source,
        min(seen_at) as first_seen_at,
        max(seen_at) as last_seen_at,
        count(*) as evidence_count
    from links
    group by one_identifier, other_identifier, source
),

-- A lone identifier may have stood on either side.
sided as (
    select
        coalesce(one_identifier, other_identifier) as left_identifier,
        case when one_identifier is not null then other_identifier end as right_identifier,
        source,
        first_seen_at,
        last_seen_at,
        evidence_count
    from grouped
)

select
    left_identifier,
    right_identifier,
    source,
    min(first_seen_at) as first_seen_at,
    max(last_seen_at) as last_seen_at,
    sum(evidence_count) as evidence_count,
    concat_ws(chr(31), source, left_identifier, coalesce(right_identifier, '')) as evidence_key,
    xxhash64(left_identifier) as left_hash,
    xxhash64(right_identifier) as right_hash,
    $as_of_date as as_of_date
from sided
where left_identifier is not null
group by left_identifier, right_identifier, source
