with

demographics as (
    select * from raw.demographics
),

-- Every version of a record counts as evidence; the latest one says how the person is now.
versions as (
    select
        record_id,
        email,
        phone,
        gender,
        birth_year,
        city,
        country,
        household_size,
        income_band,
        interests,
        provided_at,
        row_number() over (
            partition by record_id
            order by
                provided_at desc, ingested_at desc nulls last, email, phone, gender, birth_year,
                city, country, household_size, income_band, interests
        ) as version_number,
        row_number() over (
            partition by record_id, provided_at
            order by
                ingested_at desc nulls last, email, phone, gender, birth_year,
                city, country, household_size, income_band, interests
        ) as delivery_number
    from demographics
),

identified as (
    select
        record_id,
        nullif(lower(trim(gender)), '') as gender,
        birth_year,
        nullif(trim(city), '') as city,
        standard_country(country) as country,
        household_size,
        nullif(lower(trim(income_band)), '') as income_band,
        nullif(lower(trim(interests)), '') as interests,
        provided_at,
        version_number = 1 as is_latest,
        identifier('email', email) as email_identifier,
        identifier('phone', phone) as phone_identifier
    from versions
    where delivery_number = 1
)

select
    record_id,
    gender,
    birth_year,
    city,
    country,
    household_size,
    income_band,
    interests,
    provided_at,
    is_latest,
    email_identifier,
    phone_identifier,
    coalesce(email_identifier, phone_identifier, concat('record_id:', record_id)) as identifier
from identified
