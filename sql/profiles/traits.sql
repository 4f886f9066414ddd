-- All versions of a contact: what its latest one no longer says is not current. `substr(…, 7)` takes the type off `email:…` and `phone:…`, which leaves the normalised value.
with

contacts as (
    select * from staging.contacts
),

orders as (
    select * from staging.orders
),

demographics as (
    select * from staging.demographics
),

profile_map as (
    select
        identifier,
        profile_id
    from identity.profile_map
    where as_of_date = $as_of_date
),

contact_traits as (
    select
        identifier,
        unnest(
            make_array(
                'email', 'phone', 'first_name', 'last_name', 'gender', 'birth_date', 'birth_year',
                'city', 'country', 'language'
            )
        ) as field,
        unnest(
            make_array(
                substr(email_identifier, 7),
                substr(phone_identifier, 7),
                first_name,
                last_name,
                gender,
                cast(birth_date as varchar),
                cast(date_part('year', birth_date) as varchar),
                city,
                country,
                language
            )
        ) as value,
        updated_at as observed_at,
        is_latest as is_current
    from contacts
),

order_traits as (
    select
        identifier,
        unnest(make_array('email', 'phone')) as field,
        unnest(make_array(substr(email_identifier, 7), substr(phone_identifier, 7))) as value,
        ordered_at as observed_at,
        true as is_current
    from orders
),

demographic_traits as (
    select
        identifier,
        unnest(
            make_array(
                'email', 'phone', 'gender', 'birth_year', 'city', 'country', 'household_size',
                'income_band', 'interests'
            )
        ) as field,
        unnest(
            make_array(
                substr(email_identifier, 7),
                substr(phone_identifier, 7),
                gender,
                cast(birth_year as varchar),
                city,
                country,
                cast(household_size as varchar),
                income_band,
                interests
            )
        ) as value,
        provided_at as observed_at,
        is_latest as is_current
    from demographics
),

observations as (
    select
        identifier,
        field,
        value,
        'contacts' as source,
        1 as source_rank,
        true as is_first_party,
        observed_at,
        is_current
    from contact_traits
    where value is not null
    union all
    select
        identifier,
        field,
        value,
        'orders' as source,
        2 as source_rank,
        true as is_first_party,
        observed_at,
        is_current
    from order_traits
    where value is not null
    union all
    select
        identifier,
        field,
        value,
        'demographics' as source,
        3 as source_rank,
        false as is_first_party,
        observed_at,
        is_current
    from demographic_traits
    where value is not null
)

select
    profile_map.profile_id,
    observations.field,
    observations.value,
    observations.source,
    observations.source_rank,
    observations.is_first_party,
    bool_or(observations.is_current) as is_current,
    count(*) as observation_count,
    min(observations.observed_at) as first_observed_at,
    max(observations.observed_at) as last_observed_at
from profile_map
inner join observations on profile_map.identifier = observations.identifier
group by
    profile_map.profile_id,
    observations.field,
    observations.value,
    observations.source,
    observations.source_rank,
    observations.is_first_party
