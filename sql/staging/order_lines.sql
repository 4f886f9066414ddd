-- Form and figures: see staging.web_events.
with

order_lines as (
    select * from raw.order_lines
),

repeated as (
    select
        order_id as repeated_order_id,
        line_number as repeated_line_number,
        min(ingested_at) as first_ingested_at
    from order_lines
    group by order_id, line_number
    having count(*) > 1
)

select
    order_lines.order_id,
    order_lines.line_number,
    min(order_lines.product_id) as product_id,
    min(order_lines.quantity) as quantity,
    min(order_lines.unit_price) as unit_price
from repeated
right join order_lines
    on
        repeated.repeated_order_id = order_lines.order_id
        and repeated.repeated_line_number = order_lines.line_number
where
    repeated.repeated_order_id is null
    or order_lines.ingested_at is not distinct from repeated.first_ingested_at
group by order_lines.order_id, order_lines.line_number
