with

evidence as (
    select * from identity.evidence
    where right_identifier is not null
),

profile_map as (
    select
        identifier,
        profile_id
    from identity.profile_map
    where as_of_date = $as_of_date
)

select
    encode(sha256(evidence.left_identifier), 'hex') as left_identifier_sha256,
    encode(sha256(evidence.right_identifier), 'hex') as right_identifier_sha256,
    left_map.profile_id as left_profile_id,
    right_map.profile_id as right_profile_id,
    evidence.source,
    evidence.evidence_count,
    cast($as_of_date as date) as as_of_date
from evidence
inner join profile_map as left_map on evidence.left_identifier = left_map.identifier
inner join profile_map as right_map on evidence.right_identifier = right_map.identifier
where left_map.profile_id <> right_map.profile_id
