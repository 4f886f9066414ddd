-- A ticket closed on or after as_of_date is still open, and not rated yet, whatever the row says.
with

tickets as (
    select * from raw.support_tickets
),

latest as (
    select
        ticket_id,
        user_id,
        email,
        category,
        satisfaction,
        opened_at,
        closed_at
    from tickets
    qualify row_number() over (
        partition by ticket_id
        order by
            ingested_at desc nulls last, closed_at desc nulls last, opened_at desc,
            satisfaction, category, user_id, email
    ) = 1
),

identified as (
    select
        ticket_id,
        lower(trim(category)) as category,
        case
            when closed_at is null or closed_at < cast($as_of_date as timestamp) then satisfaction
        end as satisfaction,
        opened_at,
        case when closed_at < cast($as_of_date as timestamp) then closed_at end as closed_at,
        identifier('user_id', user_id) as user_id_identifier,
        identifier('email', email) as email_identifier
    from latest
)

select
    ticket_id,
    category,
    satisfaction,
    opened_at,
    closed_at,
    user_id_identifier,
    email_identifier,
    coalesce(user_id_identifier, email_identifier) as identifier
from identified
