-- Who is eligible is said once, in `[churn]` of cdp.toml, which supplies the parameters.
-- Counts are 0 where nothing happened; days since, means and ratios are null where there is nothing
-- to measure. Amounts become doubles here, from exact sums.
with

profile_map as (
    select * from identity.profile_map
    where as_of_date = $as_of_date
),

snapshots as (
    select * from profiles.profile_snapshots
    where as_of_date = $as_of_date
),

orders as (
    select * from features.order_features
    where as_of_date = $as_of_date
),

activity as (
    select * from features.activity_features
    where as_of_date = $as_of_date
),

emails as (
    select * from features.email_features
    where as_of_date = $as_of_date
),

support as (
    select * from features.support_features
    where as_of_date = $as_of_date
),

subscriptions as (
    select * from features.subscription_features
    where as_of_date = $as_of_date
),

targets as (
    select * from features.target_features
    where as_of_date = $as_of_date
),

-- Where orders alone count they say what recency_days, tenure_days and frequency say.
other_targets as (
    select
        profile_id,
        target_recency_days,
        target_tenure_days,
        target_frequency
    from targets
    where
        $churn_kind = 'contractual'
        or cardinality($target_events) > 1
        or not array_has($target_events, 'order')
),

known_profiles as (
    select
        profile_id,
        count(*) as identifier_count,
        min(first_seen_at) as first_seen_at
    from profile_map
    group by profile_id
),

joined as (
    select
        known_profiles.profile_id,
        known_profiles.identifier_count,
        cast($as_of_date as date) - cast(known_profiles.first_seen_at as date) as known_days,
        coalesce(snapshots.has_account, false) as has_account,
        coalesce(snapshots.has_crm_contact, false) as has_crm_contact,
        snapshots.country,
        snapshots.income_band,
        snapshots.household_size,
        cast(date_part('year', cast($as_of_date as date)) as int) - snapshots.birth_year as age_years,

        orders.recency_days,
        orders.tenure_days,
        coalesce(orders.frequency, 0) as frequency,
        coalesce(orders.order_count, 0) as order_count,
        coalesce(orders.order_count_30d, 0) as order_count_30d,
        coalesce(orders.order_count_90d, 0) as order_count_90d,
        coalesce(orders.order_count_180d, 0) as order_count_180d,
        coalesce(orders.order_count_365d, 0) as order_count_365d,
        coalesce(cast(orders.order_amount as double), 0.0) as order_amount,
        coalesce(cast(orders.order_amount_90d as double), 0.0) as order_amount_90d,
        coalesce(cast(orders.order_amount_365d as double), 0.0) as order_amount_365d,
        cast(orders.order_amount_max as double) as order_amount_max,
        orders.order_amount_mean,
        coalesce(orders.active_month_count, 0) as active_month_count,
        orders.gap_days_mean,
        orders.gap_days_sd,
        orders.gap_days_max,
        orders.hiatus_ratio,
        cast(orders.recency_days as double) / nullif(orders.gap_days_max, 0) as hiatus_ratio_max,
        cast(orders.recency_days as double) / orders.tenure_days as recency_share,
        cast(orders.order_day_count * 365 as double) / orders.tenure_days as order_days_per_year,
        orders.order_trend_30d_90d,
        orders.order_trend_90d_365d,
        coalesce(orders.return_count, 0) as return_count,
        coalesce(orders.return_count_90d, 0) as return_count_90d,
        orders.return_share,
        coalesce(orders.product_count, 0) as product_count,
        coalesce(orders.category_count, 0) as category_count,
        orders.item_count_mean,
        orders.store_share,
        orders.app_share,
        orders.preferred_channel,

        activity.days_since_last_event,
        coalesce(activity.event_count_30d, 0) as event_count_30d,
        coalesce(activity.event_count_90d, 0) as event_count_90d,
        coalesce(activity.active_day_count_30d, 0) as active_day_count_30d,
        coalesce(activity.active_day_count_90d, 0) as active_day_count_90d,
        coalesce(activity.active_day_count_365d, 0) as active_day_count_365d,
        cast(activity.active_day_count_30d * 3 as double)
            / nullif(activity.active_day_count_90d, 0) as activity_trend_30d_90d,
        -- Whoever is gone is silent everywhere: least and greatest pass over what is not known.
        least(orders.recency_days, activity.days_since_last_event, emails.days_since_last_open)
            as days_since_last_sign,
        cast(
            coalesce(activity.active_day_count_365d, 0) + coalesce(orders.order_count_365d, 0)
            as double
        ) / least(greatest(orders.tenure_days, activity.days_since_first_event, 1), 365)
            as signs_per_day,
        coalesce(activity.product_view_count_30d, 0) as product_view_count_30d,
        coalesce(activity.cart_add_count_30d, 0) as cart_add_count_30d,
        coalesce(activity.cart_add_count_90d, 0) as cart_add_count_90d,

        coalesce(emails.delivered_count_90d, 0) as email_delivered_count_90d,
        coalesce(emails.clicked_count_90d, 0) as email_clicked_count_90d,
        emails.open_rate_90d as email_open_rate_90d,
        emails.click_rate_90d as email_click_rate_90d,
        emails.days_since_last_open as days_since_last_email_open,
        coalesce(emails.unsubscribed_count > 0, false) as has_unsubscribed,

        coalesce(support.ticket_count_90d, 0) as ticket_count_90d,
        coalesce(support.open_ticket_count, 0) as open_ticket_count,
        coalesce(support.complaint_count_365d, 0) as complaint_count_365d,
        support.satisfaction_mean,

        coalesce(subscriptions.active_subscription_count, 0) as active_subscription_count,
        coalesce(subscriptions.cancellation_count, 0) as subscription_cancellation_count,

        other_targets.target_recency_days,
        other_targets.target_tenure_days,
        other_targets.target_frequency,
        targets.target_event_count as event_count,
        targets.target_recency_days as event_recency_days,
        coalesce(targets.has_running_subscription, false) as has_running_subscription
    from known_profiles
    left join snapshots on known_profiles.profile_id = snapshots.profile_id
    left join orders on known_profiles.profile_id = orders.profile_id
    left join activity on known_profiles.profile_id = activity.profile_id
    left join emails on known_profiles.profile_id = emails.profile_id
    left join support on known_profiles.profile_id = support.profile_id
    left join subscriptions on known_profiles.profile_id = subscriptions.profile_id
    left join targets on known_profiles.profile_id = targets.profile_id
    left join other_targets on known_profiles.profile_id = other_targets.profile_id
),

judged as (
    select
        profile_id,
        identifier_count,
        known_days,
        has_account,
        has_crm_contact,
        country,
        income_band,
        household_size,
        age_years,
        recency_days,
        tenure_days,
        frequency,
        order_count,
        order_count_30d,
        order_count_90d,
        order_count_180d,
        order_count_365d,
        order_amount,
        order_amount_90d,
        order_amount_365d,
        order_amount_max,
        order_amount_mean,
        active_month_count,
        gap_days_mean,
        gap_days_sd,
        gap_days_max,
        hiatus_ratio,
        hiatus_ratio_max,
        recency_share,
        order_days_per_year,
        order_trend_30d_90d,
        order_trend_90d_365d,
        return_count,
        return_count_90d,
        return_share,
        product_count,
        category_count,
        item_count_mean,
        store_share,
        app_share,
        preferred_channel,
        days_since_last_event,
        event_count_30d,
        event_count_90d,
        active_day_count_30d,
        active_day_count_90d,
        active_day_count_365d,
        activity_trend_30d_90d,
        days_since_last_sign,
        days_since_last_sign * signs_per_day as missed_sign_count,
        product_view_count_30d,
        cart_add_count_30d,
        cart_add_count_90d,
        email_delivered_count_90d,
        email_clicked_count_90d,
        email_open_rate_90d,
        email_click_rate_90d,
        days_since_last_email_open,
        has_unsubscribed,
        ticket_count_90d,
        open_ticket_count,
        complaint_count_365d,
        satisfaction_mean,
        active_subscription_count,
        subscription_cancellation_count,
        target_recency_days,
        target_tenure_days,
        target_frequency,
        case
            when $churn_kind = 'contractual' and not has_running_subscription then 'no_subscription'
            when $churn_kind = 'contractual' then null
            when event_count is null and array_has($target_events, 'order') then 'no_orders'
            when event_count is null then 'no_target_event'
            when
                event_count < cast($orders_min as bigint) and array_has($target_events, 'order')
                then 'too_few_orders'
            when event_count < cast($orders_min as bigint) then 'too_few_target_events'
            when
                cast($eligible_within_days as bigint) > 0
                and event_recency_days > cast($eligible_within_days as bigint)
                then 'inactive_too_long'
        end as ineligible_reason
    from joined
)

select
    profile_id,
    identifier_count,
    known_days,
    has_account,
    has_crm_contact,
    country,
    income_band,
    household_size,
    age_years,
    recency_days,
    tenure_days,
    frequency,
    order_count,
    order_count_30d,
    order_count_90d,
    order_count_180d,
    order_count_365d,
    order_amount,
    order_amount_90d,
    order_amount_365d,
    order_amount_max,
    order_amount_mean,
    active_month_count,
    gap_days_mean,
    gap_days_sd,
    gap_days_max,
    hiatus_ratio,
    hiatus_ratio_max,
    recency_share,
    order_days_per_year,
    order_trend_30d_90d,
    order_trend_90d_365d,
    return_count,
    return_count_90d,
    return_share,
    product_count,
    category_count,
    item_count_mean,
    store_share,
    app_share,
    preferred_channel,
    days_since_last_event,
    event_count_30d,
    event_count_90d,
    active_day_count_30d,
    active_day_count_90d,
    active_day_count_365d,
    activity_trend_30d_90d,
    days_since_last_sign,
    missed_sign_count,
    product_view_count_30d,
    cart_add_count_30d,
    cart_add_count_90d,
    email_delivered_count_90d,
    email_clicked_count_90d,
    email_open_rate_90d,
    email_click_rate_90d,
    days_since_last_email_open,
    has_unsubscribed,
    ticket_count_90d,
    open_ticket_count,
    complaint_count_365d,
    satisfaction_mean,
    active_subscription_count,
    subscription_cancellation_count,
    target_recency_days,
    target_tenure_days,
    target_frequency,
    ineligible_reason is null as is_eligible,
    ineligible_reason,
    cast($as_of_date as date) as as_of_date
from judged
