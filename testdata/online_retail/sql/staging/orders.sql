-- An invoice is an order. Only lines with a positive quantity and price count for a sale; what a
-- cancellation takes back is negative.
with

invoice_lines as (
    select * from raw.invoice_lines
),

lines as (
    select
        "InvoiceNo" as order_id,
        case when "InvoiceNo" like 'C%' then 'return' else 'sale' end as order_type,
        identifier('user_id', "CustomerID") as user_id_identifier,
        "Quantity" * "UnitPrice" as line_amount,
        "InvoiceDate" as ordered_at
    from invoice_lines
    where
        "UnitPrice" > 0
        and ("Quantity" > 0 or "InvoiceNo" like 'C%')
),

orders as (
    select
        order_id,
        order_type,
        min(user_id_identifier) as user_id_identifier,
        cast(sum(line_amount) as decimal(18, 2)) as total_amount,
        min(ordered_at) as ordered_at
    from lines
    group by order_id, order_type
)

select
    order_id,
    order_type,
    cast(null as varchar) as original_order_id,
    cast(null as varchar) as cart_id,
    'web' as channel,
    total_amount,
    'GBP' as currency,
    ordered_at,
    order_type = 'sale' as is_sale,
    user_id_identifier,
    cast(null as varchar) as email_identifier,
    cast(null as varchar) as phone_identifier,
    user_id_identifier as identifier
from orders
