with

products as (
    select * from raw.products
),

latest as (
    select
        product_id,
        name,
        category,
        brand,
        price,
        is_available,
        updated_at
    from products
    qualify row_number() over (
        partition by product_id
        order by
            updated_at desc, ingested_at desc nulls last, name, category, brand, price, is_available
    ) = 1
)

select
    product_id,
    name,
    category,
    brand,
    price,
    is_available,
    updated_at
from latest
