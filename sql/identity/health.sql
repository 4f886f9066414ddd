with

today as (
    select
        figure,
        item,
        value
    from identity.figures
    where
        as_of_date = $as_of_date
        and coalesce(is_shown, true)
),

before as (
    select
        figure,
        item,
        value
    from identity.figures
    where
        as_of_date = $previous_date
        and coalesce(is_shown, true)
)

select
    today.figure,
    today.item,
    today.value,
    before.value as previous_value,
    cast($as_of_date as date) as as_of_date
from today
left join before on today.figure = before.figure and today.item = before.item
