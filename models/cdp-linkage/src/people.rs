//! What the crate knows about people without being told.

use std::collections::BTreeMap;

use crate::compare::SharedBy;
use crate::config::{RawComparison, RawField, RawSwap};

/// Fields, what they hold, and the names that their columns often have.
const FIELDS: [(&str, &str, &[&str]); 12] = [
    (
        "given_name",
        "name",
        &["first_name", "forename", "christian_name", "fname", "first"],
    ),
    (
        "surname",
        "name",
        &["last_name", "family_name", "lname", "last"],
    ),
    (
        "birth_date",
        "date",
        &["date_of_birth", "dob", "birthday", "born", "bday", "birth"],
    ),
    (
        "email",
        "email",
        &["email_address", "mail", "mail_address", "email_addr"],
    ),
    (
        "phone",
        "phone",
        &[
            "telephone",
            "phone_number",
            "mobile",
            "mobile_phone",
            "mobile_number",
            "tel",
        ],
    ),
    (
        "national_id",
        "code",
        &[
            "soc_sec_id",
            "social_security_number",
            "ssn",
            "national_insurance_number",
            "tax_id",
            "social_security_id",
            "personal_id",
            "identity_number",
        ],
    ),
    (
        "street_number",
        "code",
        &[
            "house_number",
            "street_no",
            "house_no",
            "street_num",
            "house_num",
        ],
    ),
    (
        "address_1",
        "text",
        &[
            "address",
            "street",
            "street_name",
            "address_line_1",
            "addr_1",
            "street_address",
        ],
    ),
    ("address_2", "text", &["address_line_2", "addr_2"]),
    (
        "city",
        "text",
        &[
            "suburb",
            "town",
            "locality",
            "place",
            "town_city",
            "post_town",
        ],
    ),
    (
        "postcode",
        "code",
        &["postal_code", "zip", "zip_code", "pcode", "postal"],
    ),
    (
        "state",
        "code",
        &["region", "province", "county", "state_code"],
    ),
];

const NAME: [&str; 4] = [
    "exact",
    "edits <= 1 or jaro_winkler >= 0.93",
    "edits <= 2 or jaro_winkler >= 0.85",
    "begins",
];

/// Name, field, levels, and who has the same value without being the same person.
const COMPARISONS: [(&str, &str, &[&str], SharedBy); 12] = [
    ("given_name", "given_name", &NAME, SharedBy::Nobody),
    ("surname", "surname", &NAME, SharedBy::Household),
    (
        "birth_date",
        "birth_date",
        &[
            "exact",
            "edits <= 1 or day_and_month_swapped",
            "days <= 31",
            "edits <= 2",
            "days <= 366",
            "days <= 3660",
        ],
        SharedBy::Nobody,
    ),
    (
        "email",
        "email",
        // An address is often made of the name and a number, so a like one says what the names say.
        &["exact", "typos <= 2", "same_username", "same_domain"],
        SharedBy::Nobody,
    ),
    (
        "phone",
        "phone",
        &["exact", "suffix >= 7", "edits <= 1", "edits <= 2"],
        SharedBy::Household,
    ),
    (
        "national_id",
        "national_id",
        &["exact", "edits <= 1", "edits <= 2"],
        SharedBy::Nobody,
    ),
    (
        "street_number",
        "street_number",
        &["exact", "edits <= 1"],
        SharedBy::Household,
    ),
    (
        "address_1",
        "address_1",
        &["exact", "edits <= 2", "jaro_winkler >= 0.9", "words >= 0.5"],
        SharedBy::Household,
    ),
    (
        "address_2",
        "address_2",
        &["exact", "edits <= 2", "jaro_winkler >= 0.9", "words >= 0.5"],
        SharedBy::Household,
    ),
    (
        "city",
        "city",
        &["exact", "edits <= 1", "edits <= 2 or jaro_winkler >= 0.9"],
        SharedBy::Neighbours,
    ),
    (
        "postcode",
        "postcode",
        &["exact", "edits <= 1", "edits <= 2"],
        SharedBy::Neighbours,
    ),
    ("state", "state", &["exact"], SharedBy::Neighbours),
];

const BLOCKING: [&[&str]; 29] = [
    &["national_id"],
    &["email"],
    &["username(email)"],
    &["domain(email)"],
    &["phone"],
    &["birth_date"],
    &["sound(given_name)"],
    &["sound(surname)"],
    &["sound(given_name)", "sound(surname)"],
    &["sound(given_name) = sound(surname)"],
    &[
        "sound(given_name) = sound(surname)",
        "sound(surname) = sound(given_name)",
    ],
    &["sound(given_name)", "year(birth_date)"],
    &["sound(surname)", "year(birth_date)"],
    &["sound(given_name)", "month_day(birth_date)"],
    &["sound(surname)", "month_day(birth_date)"],
    &["sound(given_name)", "postcode"],
    &["sound(surname)", "postcode"],
    &["sound(given_name)", "sound(city)"],
    &["sound(surname)", "sound(city)"],
    &["postcode"],
    &["year(birth_date)", "postcode"],
    &["year(birth_date)", "sound(city)"],
    &["address_1"],
    &["address_2"],
    &["address_1 = address_2"],
    &["sound(address_1)", "postcode"],
    &["sound(address_1)", "street_number"],
    &["month_day(birth_date)"],
    &["sound(city)"],
];

pub(crate) fn fields() -> BTreeMap<String, RawField> {
    let fields = FIELDS.into_iter().map(|(name, kind, columns)| {
        let field = RawField {
            kind: kind.to_owned(),
            columns: owned(columns),
        };
        (name.to_owned(), field)
    });
    fields.collect()
}

pub(crate) fn comparisons() -> Vec<RawComparison> {
    let comparisons = COMPARISONS
        .into_iter()
        .map(|(name, field, levels, shared_by)| RawComparison {
            name: name.to_owned(),
            field: field.to_owned(),
            levels: owned(levels),
            term_frequency: true,
            shared_by,
        });
    comparisons.collect()
}

pub(crate) fn swaps() -> Vec<RawSwap> {
    vec![
        swap(
            "names_swapped",
            ["given_name", "surname"],
            "edits <= 1 or jaro_winkler >= 0.9",
            SharedBy::Nobody,
        ),
        swap(
            "addresses_swapped",
            ["address_1", "address_2"],
            "edits <= 2 or jaro_winkler >= 0.9",
            SharedBy::Household,
        ),
    ]
}

pub(crate) fn blocking() -> Vec<Vec<String>> {
    BLOCKING.into_iter().map(owned).collect()
}

fn swap(name: &str, fields: [&str; 2], alike: &str, shared_by: SharedBy) -> RawSwap {
    RawSwap {
        name: name.to_owned(),
        fields: fields.map(str::to_owned),
        alike: alike.to_owned(),
        shared_by,
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
