-- Add a source of your own by a `union all`: the field columns are those of `linkage.fields`.
with

contacts as (
    select * from staging.contacts where is_latest
),

demographics as (
    select * from staging.demographics where is_latest
)

select
    coalesce(crm_id_identifier, identifier) as record_identifier,
    'contacts' as source,
    contact_id as record_id,
    updated_at as seen_at,
    first_name as given_name,
    last_name as surname,
    birth_date,
    substr(email_identifier, length('email:') + 1) as email,
    substr(phone_identifier, length('phone:') + 1) as phone,
    street as address_1,
    postcode,
    city
from contacts
union all
select
    identifier as record_identifier,
    'demographics' as source,
    record_id,
    provided_at as seen_at,
    cast(null as varchar) as given_name,
    cast(null as varchar) as surname,
    cast(null as date) as birth_date,
    substr(email_identifier, length('email:') + 1) as email,
    substr(phone_identifier, length('phone:') + 1) as phone,
    cast(null as varchar) as address_1,
    cast(null as varchar) as postcode,
    city
from demographics
