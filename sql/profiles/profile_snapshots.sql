-- Survivorship is settled in profiles.survivors; here its rows become columns.
with

survivors as (
    select * from profiles.survivors
),

profile_map as (
    select * from identity.profile_map
    where as_of_date = $as_of_date
),

golden as (
    select
        profile_id,
        max(case when field = 'email' then value end) as email,
        max(case when field = 'email' then source end) as email_source,
        max(case when field = 'email' then observed_at end) as email_at,
        max(case when field = 'phone' then value end) as phone,
        max(case when field = 'phone' then source end) as phone_source,
        max(case when field = 'phone' then observed_at end) as phone_at,
        max(case when field = 'first_name' then value end) as first_name,
        max(case when field = 'first_name' then source end) as first_name_source,
        max(case when field = 'first_name' then observed_at end) as first_name_at,
        max(case when field = 'last_name' then value end) as last_name,
        max(case when field = 'last_name' then source end) as last_name_source,
        max(case when field = 'last_name' then observed_at end) as last_name_at,
        max(case when field = 'gender' then value end) as gender,
        max(case when field = 'gender' then source end) as gender_source,
        max(case when field = 'gender' then observed_at end) as gender_at,
        max(case when field = 'birth_date' then value end) as birth_date,
        max(case when field = 'birth_date' then source end) as birth_date_source,
        max(case when field = 'birth_date' then observed_at end) as birth_date_at,
        max(case when field = 'birth_year' then value end) as birth_year,
        max(case when field = 'birth_year' then source end) as birth_year_source,
        max(case when field = 'birth_year' then observed_at end) as birth_year_at,
        max(case when field = 'city' then value end) as city,
        max(case when field = 'city' then source end) as city_source,
        max(case when field = 'city' then observed_at end) as city_at,
        max(case when field = 'country' then value end) as country,
        max(case when field = 'country' then source end) as country_source,
        max(case when field = 'country' then observed_at end) as country_at,
        max(case when field = 'language' then value end) as language,
        max(case when field = 'language' then source end) as language_source,
        max(case when field = 'language' then observed_at end) as language_at,
        max(case when field = 'household_size' then value end) as household_size,
        max(case when field = 'household_size' then source end) as household_size_source,
        max(case when field = 'household_size' then observed_at end) as household_size_at,
        max(case when field = 'income_band' then value end) as income_band,
        max(case when field = 'income_band' then source end) as income_band_source,
        max(case when field = 'income_band' then observed_at end) as income_band_at,
        max(case when field = 'interests' then value end) as interests,
        max(case when field = 'interests' then source end) as interests_source,
        max(case when field = 'interests' then observed_at end) as interests_at
    from survivors
    group by profile_id
),

known_to as (
    select
        named.profile_id,
        array_to_string(array_sort(array_agg(distinct named.source)), ',') as sources,
        count(distinct named.source) as source_count
    from (
        select
            profile_id,
            unnest(string_to_array(sources, ',')) as source
        from profile_map
    ) as named
    group by named.profile_id
),

lifecycle as (
    select
        profile_id,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        min(profile_since) as profile_since,
        count(*) as identifier_count,
        bool_or(identifier_type = 'user_id') as has_account,
        bool_or(identifier_type = 'crm_id') as has_crm_contact
    from profile_map
    group by profile_id
)

select
    lifecycle.profile_id,
    golden.email,
    golden.email_source,
    golden.email_at,
    golden.phone,
    golden.phone_source,
    golden.phone_at,
    golden.first_name,
    golden.first_name_source,
    golden.first_name_at,
    golden.last_name,
    golden.last_name_source,
    golden.last_name_at,
    golden.gender,
    golden.gender_source,
    golden.gender_at,
    cast(golden.birth_date as date) as birth_date,
    golden.birth_date_source,
    golden.birth_date_at,
    cast(golden.birth_year as int) as birth_year,
    golden.birth_year_source,
    golden.birth_year_at,
    golden.city,
    golden.city_source,
    golden.city_at,
    golden.country,
    golden.country_source,
    golden.country_at,
    golden.language,
    golden.language_source,
    golden.language_at,
    cast(golden.household_size as int) as household_size,
    golden.household_size_source,
    golden.household_size_at,
    golden.income_band,
    golden.income_band_source,
    golden.income_band_at,
    golden.interests,
    golden.interests_source,
    golden.interests_at,
    lifecycle.first_seen_at,
    lifecycle.last_seen_at,
    lifecycle.profile_since,
    lifecycle.identifier_count,
    known_to.sources,
    known_to.source_count,
    lifecycle.has_account,
    lifecycle.has_crm_contact,
    cast($as_of_date as date) as as_of_date
from lifecycle
left join golden on lifecycle.profile_id = golden.profile_id
left join known_to on lifecycle.profile_id = known_to.profile_id
