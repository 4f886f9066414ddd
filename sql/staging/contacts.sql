with

contacts as (
    select * from raw.crm_contacts
),

-- Every version of a contact counts as evidence; the latest one says how the contact is now.
versions as (
    select
        contact_id,
        user_id,
        loyalty_id,
        email,
        phone,
        first_name,
        last_name,
        gender,
        birth_date,
        street,
        postcode,
        city,
        country,
        language,
        created_at,
        updated_at,
        row_number() over (
            partition by contact_id
            order by
                updated_at desc, ingested_at desc nulls last, user_id, loyalty_id, email, phone,
                first_name, last_name, gender, birth_date, street, postcode, city, country, language,
                created_at
        ) as version_number,
        row_number() over (
            partition by contact_id, updated_at
            order by
                ingested_at desc nulls last, user_id, loyalty_id, email, phone,
                first_name, last_name, gender, birth_date, street, postcode, city, country, language,
                created_at
        ) as delivery_number
    from contacts
),

identified as (
    select
        contact_id,
        identifier('user_id', user_id) as user_id_identifier,
        identifier('crm_id', contact_id) as crm_id_identifier,
        identifier('loyalty_id', loyalty_id) as loyalty_id_identifier,
        identifier('email', email) as email_identifier,
        identifier('phone', phone) as phone_identifier,
        nullif(trim(first_name), '') as first_name,
        nullif(trim(last_name), '') as last_name,
        nullif(lower(trim(gender)), '') as gender,
        case when birth_date between date '1900-01-02' and $as_of_date then birth_date end as birth_date,
        nullif(trim(street), '') as street,
        nullif(trim(postcode), '') as postcode,
        nullif(trim(city), '') as city,
        standard_country(country) as country,
        standard_language(language) as language,
        created_at,
        updated_at,
        version_number = 1 as is_latest
    from versions
    where delivery_number = 1
)

select
    contact_id,
    first_name,
    last_name,
    gender,
    birth_date,
    street,
    postcode,
    city,
    country,
    language,
    created_at,
    updated_at,
    is_latest,
    user_id_identifier,
    crm_id_identifier,
    loyalty_id_identifier,
    email_identifier,
    phone_identifier,
    coalesce(
        user_id_identifier, crm_id_identifier, loyalty_id_identifier, email_identifier, phone_identifier
    ) as identifier
from identified
