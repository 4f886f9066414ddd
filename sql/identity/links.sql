with

evidence as (
    select * from identity.evidence
),

linked_records as (
    select * from identity.linked_records
)

select
    left_identifier,
    right_identifier,
    source,
    first_seen_at,
    last_seen_at,
    evidence_count
from evidence
-- Records that are likely one; a weak source, see `identity.weak_sources` in cdp.toml.
union all
select
    left_identifier,
    right_identifier,
    'linked_records' as source,
    seen_at as first_seen_at,
    seen_at as last_seen_at,
    1 as evidence_count
from linked_records
where
    as_of_date = $as_of_date
    and is_accepted
