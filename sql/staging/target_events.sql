-- What a customer does who has not left. `churn.target` in cdp.toml says which of it counts, and
-- supplies the parameter: what it does not name is not read.
with

orders as (
    select * from staging.orders
    where is_sale and array_has($target_events, 'order')
),

web_events as (
    select * from staging.web_events
    where array_has($target_events, 'web_visit')
),

app_events as (
    select * from staging.app_events
    where array_has($target_events, 'app_session')
),

email_events as (
    select * from staging.email_events
    where event_type = 'clicked' and array_has($target_events, 'email_click')
),

subscription_events as (
    select * from staging.subscription_events
    where event_type <> 'cancelled' and array_has($target_events, 'subscription_payment')
)

select
    'order' as event_type,
    order_id as event_id,
    identifier,
    ordered_at as occurred_at
from orders
union all
select
    'web_visit' as event_type,
    event_id,
    identifier,
    occurred_at
from web_events
union all
select
    'app_session' as event_type,
    event_id,
    identifier,
    occurred_at
from app_events
union all
select
    'email_click' as event_type,
    event_id,
    identifier,
    occurred_at
from email_events
union all
select
    'subscription_payment' as event_type,
    event_id,
    identifier,
    occurred_at
from subscription_events
