-- Amounts stay exact decimals and counts integers; each ratio divides once, at the end.
with

orders as (
    select * from staging.orders
),

order_lines as (
    select * from staging.order_lines
),

products as (
    select * from staging.products
),

profile_map as (
    select
        identifier,
        profile_id
    from identity.profile_map
    where as_of_date = $as_of_date
),

profile_orders as (
    select
        profile_map.profile_id,
        orders.order_id,
        orders.channel,
        orders.total_amount,
        orders.is_sale,
        orders.order_type,
        cast(orders.ordered_at as date) as ordered_on
    from profile_map
    inner join orders on profile_map.identifier = orders.identifier
),

order_days as (
    select
        profile_id,
        ordered_on,
        count(*) as order_count,
        sum(total_amount) as order_amount,
        max(total_amount) as order_amount_max,
        sum(case when channel = 'web' then 1 else 0 end) as web_order_count,
        sum(case when channel = 'app' then 1 else 0 end) as app_order_count,
        sum(case when channel = 'store' then 1 else 0 end) as store_order_count
    from profile_orders
    where is_sale
    group by profile_id, ordered_on
),

-- Days are few next to orders, and the window streams: it keeps one profile at a time.
order_gaps as (
    select
        profile_id,
        ordered_on,
        cast($as_of_date as date) - ordered_on as days_ago,
        order_count,
        order_amount,
        order_amount_max,
        web_order_count,
        app_order_count,
        store_order_count,
        ordered_on - lag(ordered_on) over (
            partition by profile_id
            order by ordered_on
        ) as gap_days,
        date_trunc('month', ordered_on) is distinct from date_trunc(
            'month',
            lag(ordered_on) over (
                partition by profile_id
                order by ordered_on
            )
        ) as is_first_of_month
    from order_days
),

sales as (
    select
        profile_id,
        sum(order_count) as order_count,
        sum(case when days_ago <= 30 then order_count else 0 end) as order_count_30d,
        sum(case when days_ago <= 90 then order_count else 0 end) as order_count_90d,
        sum(case when days_ago <= 180 then order_count else 0 end) as order_count_180d,
        sum(case when days_ago <= 365 then order_count else 0 end) as order_count_365d,
        sum(order_amount) as order_amount,
        sum(case when days_ago <= 30 then order_amount else 0 end) as order_amount_30d,
        sum(case when days_ago <= 90 then order_amount else 0 end) as order_amount_90d,
        sum(case when days_ago <= 365 then order_amount else 0 end) as order_amount_365d,
        max(order_amount_max) as order_amount_max,
        sum(case when gap_days is not null then order_amount else 0 end) as repeat_order_amount,
        min(days_ago) as recency_days,
        max(days_ago) as tenure_days,
        count(*) as order_day_count,
        sum(case when is_first_of_month then 1 else 0 end) as active_month_count,
        count(gap_days) as gap_count,
        coalesce(sum(gap_days), 0) as gap_days_sum,
        coalesce(sum(gap_days * gap_days), 0) as gap_days_square_sum,
        max(gap_days) as gap_days_max,
        sum(web_order_count) as web_order_count,
        sum(app_order_count) as app_order_count,
        sum(store_order_count) as store_order_count
    from order_gaps
    group by profile_id
),

returns as (
    select
        profile_id,
        count(*) as return_count,
        sum(case when ordered_on >= cast($as_of_date as date) - 90 then 1 else 0 end) as return_count_90d,
        sum(-total_amount) as return_amount
    from profile_orders
    where order_type = 'return'
    group by profile_id
),

-- Distinct products and categories by grouping twice: `count(distinct …)` keeps every value.
product_purchases as (
    select
        profile_orders.profile_id,
        order_lines.product_id,
        sum(order_lines.quantity) as item_count
    from profile_orders
    inner join order_lines on profile_orders.order_id = order_lines.order_id
    where
        profile_orders.is_sale
        and order_lines.quantity > 0
    group by profile_orders.profile_id, order_lines.product_id
),

category_purchases as (
    select
        product_purchases.profile_id,
        products.category,
        count(*) as product_count,
        sum(product_purchases.item_count) as item_count
    from products
    right join product_purchases on products.product_id = product_purchases.product_id
    group by product_purchases.profile_id, products.category
),

baskets as (
    select
        profile_id,
        sum(product_count) as product_count,
        count(category) as category_count,
        sum(item_count) as item_count
    from category_purchases
    group by profile_id
)

select
    sales.profile_id,
    sales.order_count,
    sales.order_count_30d,
    sales.order_count_90d,
    sales.order_count_180d,
    sales.order_count_365d,
    sales.order_amount,
    sales.order_amount_30d,
    sales.order_amount_90d,
    sales.order_amount_365d,
    sales.order_amount_max,
    cast(sales.order_amount as double) / sales.order_count as order_amount_mean,
    sales.recency_days,
    sales.tenure_days,
    sales.order_day_count,
    sales.order_day_count - 1 as frequency,
    sales.repeat_order_amount,
    sales.active_month_count,
    cast(sales.gap_days_sum as double) / nullif(sales.gap_count, 0) as gap_days_mean,
    sqrt(
        cast(
            sales.gap_count * sales.gap_days_square_sum - sales.gap_days_sum * sales.gap_days_sum
            as double
        ) / nullif(sales.gap_count * (sales.gap_count - 1), 0)
    ) as gap_days_sd,
    sales.gap_days_max,
    cast(sales.recency_days * sales.gap_count as double) / nullif(sales.gap_days_sum, 0) as hiatus_ratio,
    cast(sales.order_count_30d * 3 as double) / nullif(sales.order_count_90d, 0) as order_trend_30d_90d,
    cast(sales.order_count_90d * 4 as double) / nullif(sales.order_count_365d, 0) as order_trend_90d_365d,
    coalesce(returns.return_count, 0) as return_count,
    coalesce(returns.return_count_90d, 0) as return_count_90d,
    coalesce(returns.return_amount, 0) as return_amount,
    cast(coalesce(returns.return_count, 0) as double) / sales.order_count as return_share,
    coalesce(baskets.product_count, 0) as product_count,
    coalesce(baskets.category_count, 0) as category_count,
    coalesce(baskets.item_count, 0) as item_count,
    cast(baskets.item_count as double) / sales.order_count as item_count_mean,
    cast(sales.store_order_count as double) / sales.order_count as store_share,
    cast(sales.app_order_count as double) / sales.order_count as app_share,
    case
        when sales.web_order_count + sales.app_order_count + sales.store_order_count = 0 then 'other'
        when
            sales.web_order_count >= sales.app_order_count
            and sales.web_order_count >= sales.store_order_count
            then 'web'
        when sales.app_order_count >= sales.store_order_count then 'app'
        else 'store'
    end as preferred_channel,
    cast($as_of_date as date) as as_of_date
from sales
left join returns on sales.profile_id = returns.profile_id
left join baskets on sales.profile_id = baskets.profile_id
