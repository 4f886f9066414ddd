-- The data has no line number; a product that stands twice on an invoice is one line.
with

invoice_lines as (
    select * from raw.invoice_lines
),

grouped as (
    select
        "InvoiceNo" as order_id,
        "StockCode" as product_id,
        sum("Quantity") as quantity,
        max("UnitPrice") as unit_price
    from invoice_lines
    where "UnitPrice" > 0
    group by "InvoiceNo", "StockCode"
)

select
    order_id,
    row_number() over (partition by order_id order by product_id) as line_number,
    product_id,
    quantity,
    unit_price
from grouped
