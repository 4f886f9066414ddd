select
    audience_member_id,
    audience,
    channel,
    profile_id,
    contact_value,
    contact_sha256,
    member_since,
    row_hash,
    as_of_date
from activations.audience_snapshots
where as_of_date = $as_of_date
