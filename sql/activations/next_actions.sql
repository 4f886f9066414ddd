select
    next_action_id,
    profile_id,
    campaign,
    instance_key,
    channel,
    contact_value,
    contact_sha256,
    due_at,
    expires_at,
    priority,
    is_holdout,
    as_of_date
from activations.next_action_snapshots
where as_of_date = $as_of_date
