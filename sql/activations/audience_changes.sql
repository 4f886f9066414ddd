-- Read by whoever follows the audiences row by row. A removal carries the key and the hash of the
-- contact, not the contact: consent may just have been withdrawn.
with

today as (
    select * from activations.audience_snapshots
    where as_of_date = $as_of_date
),

before as (
    select * from activations.audience_snapshots
    where as_of_date = $previous_date
)

select
    coalesce(today.audience_member_id, before.audience_member_id) as audience_member_id,
    case
        when before.audience_member_id is null then 'added'
        when today.audience_member_id is null then 'removed'
        else 'changed'
    end as change_type,
    coalesce(today.audience, before.audience) as audience,
    coalesce(today.channel, before.channel) as channel,
    coalesce(today.profile_id, before.profile_id) as profile_id,
    today.contact_value,
    coalesce(today.contact_sha256, before.contact_sha256) as contact_sha256,
    case
        when before.contact_sha256 <> today.contact_sha256 then before.contact_sha256
    end as previous_contact_sha256,
    cast($as_of_date as date) as as_of_date
from today
full join before on today.audience_member_id = before.audience_member_id
where today.row_hash is distinct from before.row_hash
