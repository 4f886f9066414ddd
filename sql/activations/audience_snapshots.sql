-- Nobody comes in without a granted consent for the very channel: the join is the gate.
with

members as (
    select * from segments.segment_members
    where as_of_date = $as_of_date
),

snapshots as (
    select * from profiles.profile_snapshots
    where as_of_date = $as_of_date
),

consents as (
    select * from profiles.consent_status
    where
        as_of_date = $as_of_date
        and purpose = 'marketing'
        and channel in ('email', 'sms', 'ads')
        and is_granted
),

contacts as (
    select
        consents.profile_id,
        consents.channel,
        case when consents.channel = 'sms' then snapshots.phone else snapshots.email end as contact
    from consents
    inner join snapshots on consents.profile_id = snapshots.profile_id
),

audience_members as (
    select
        concat(members.segment, ':', contacts.channel, ':', members.profile_id) as audience_member_id,
        members.segment as audience,
        contacts.channel,
        members.profile_id,
        case when contacts.channel <> 'ads' then contacts.contact end as contact_value,
        encode(sha256(contacts.contact), 'hex') as contact_sha256,
        members.member_since
    from contacts
    inner join members on contacts.profile_id = members.profile_id
    where contacts.contact is not null
)

select
    audience_member_id,
    audience,
    channel,
    profile_id,
    contact_value,
    contact_sha256,
    member_since,
    encode(
        sha256(concat(audience_member_id, ':', contact_sha256, ':', cast(member_since as varchar))),
        'hex'
    ) as row_hash,
    cast($as_of_date as date) as as_of_date
from audience_members
