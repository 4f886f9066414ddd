-- Form and figures: see staging.web_events.
with

orders as (
    select * from raw.orders
    where
        order_type in ('sale', 'return')
        and total_amount is not null
),

repeated as (
    select
        order_id as repeated_order_id,
        min(ingested_at) as first_ingested_at
    from orders
    group by order_id
    having count(*) > 1
),

deduplicated as (
    select
        orders.order_id,
        min(orders.order_type) as order_type,
        min(orders.original_order_id) as original_order_id,
        min(orders.user_id) as user_id,
        min(orders.email) as email,
        min(orders.phone) as phone,
        min(orders.cart_id) as cart_id,
        min(orders.channel) as channel,
        min(orders.total_amount) as total_amount,
        min(orders.currency) as currency,
        min(orders.ordered_at) as ordered_at
    from repeated
    right join orders on repeated.repeated_order_id = orders.order_id
    where
        repeated.repeated_order_id is null
        or orders.ingested_at is not distinct from repeated.first_ingested_at
    group by orders.order_id
),

identified as (
    select
        order_id,
        order_type,
        original_order_id,
        cart_id,
        lower(trim(channel)) as channel,
        total_amount,
        currency,
        ordered_at,
        identifier('user_id', user_id) as user_id_identifier,
        identifier('email', email) as email_identifier,
        identifier('phone', phone) as phone_identifier
    from deduplicated
)

select
    order_id,
    order_type,
    original_order_id,
    cart_id,
    channel,
    total_amount,
    currency,
    ordered_at,
    order_type = 'sale' and total_amount > 0 as is_sale,
    user_id_identifier,
    email_identifier,
    phone_identifier,
    coalesce(user_id_identifier, email_identifier, phone_identifier) as identifier
from identified
