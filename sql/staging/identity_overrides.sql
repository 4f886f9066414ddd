with

overrides as (
    select * from raw.identity_overrides
)

-- Of two rows at one time the more careful holds: one that stands before one that is taken back.
select
    override_id,
    kind,
    left_identifier,
    right_identifier,
    is_active,
    coalesce(author, '') as author,
    coalesce(reason, '') as reason,
    valid_from
from overrides
qualify row_number() over (
    partition by override_id
    order by valid_from desc, is_active desc, kind, left_identifier, right_identifier, author, reason
) = 1
