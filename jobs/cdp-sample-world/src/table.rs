//! The files of a world and their columns.

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    JsonLines,
}

/// One file.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) file: &'static str,
    /// The raw source it belongs to; none for the truth.
    pub(crate) source: Option<&'static str>,
    pub(crate) format: Format,
    pub(crate) columns: &'static [&'static str],
}

const fn csv(file: &'static str, source: &'static str, columns: &'static [&'static str]) -> Table {
    Table {
        file,
        source: Some(source),
        format: Format::Csv,
        columns,
    }
}

pub(crate) const WEB_EVENTS: Table = Table {
    file: "web_events.jsonl",
    source: Some("web_events"),
    format: Format::JsonLines,
    columns: &[
        "event_id",
        "anonymous_id",
        "user_id",
        "event_type",
        "page_path",
        "product_id",
        "cart_id",
        "occurred_at",
        "ingested_at",
    ],
};

pub(crate) const APP_EVENTS: Table = Table {
    file: "app_events.jsonl",
    source: Some("app_events"),
    format: Format::JsonLines,
    columns: &[
        "event_id",
        "device_id",
        "user_id",
        "event_type",
        "screen",
        "product_id",
        "cart_id",
        "occurred_at",
        "ingested_at",
    ],
};

pub(crate) const ORDERS: Table = csv(
    "orders.csv",
    "orders",
    &[
        "order_id",
        "order_type",
        "original_order_id",
        "user_id",
        "email",
        "phone",
        "cart_id",
        "channel",
        "total_amount",
        "currency",
        "ordered_at",
        "ingested_at",
    ],
);

pub(crate) const ORDER_LINES: Table = csv(
    "order_lines.csv",
    "order_lines",
    &[
        "order_id",
        "line_number",
        "product_id",
        "quantity",
        "unit_price",
        "ordered_at",
        "ingested_at",
    ],
);

pub(crate) const CRM_CONTACTS: Table = csv(
    "crm_contacts.csv",
    "crm_contacts",
    &[
        "contact_id",
        "user_id",
        "loyalty_id",
        "email",
        "phone",
        "first_name",
        "last_name",
        "gender",
        "birth_date",
        "street",
        "postcode",
        "city",
        "country",
        "language",
        "created_at",
        "updated_at",
        "ingested_at",
    ],
);

pub(crate) const EMAIL_EVENTS: Table = csv(
    "email_events.csv",
    "email_events",
    &[
        "event_id",
        "email",
        "campaign_id",
        "event_type",
        "occurred_at",
        "ingested_at",
    ],
);

pub(crate) const SUPPORT_TICKETS: Table = csv(
    "support_tickets.csv",
    "support_tickets",
    &[
        "ticket_id",
        "user_id",
        "email",
        "category",
        "satisfaction",
        "opened_at",
        "closed_at",
        "ingested_at",
    ],
);

pub(crate) const SUBSCRIPTION_EVENTS: Table = csv(
    "subscription_events.csv",
    "subscription_events",
    &[
        "event_id",
        "subscription_id",
        "user_id",
        "event_type",
        "plan",
        "monthly_amount",
        "occurred_at",
        "ingested_at",
    ],
);

pub(crate) const DEMOGRAPHICS: Table = csv(
    "demographics.csv",
    "demographics",
    &[
        "record_id",
        "email",
        "phone",
        "gender",
        "birth_year",
        "city",
        "country",
        "household_size",
        "income_band",
        "interests",
        "provided_at",
        "ingested_at",
    ],
);

pub(crate) const CONSENTS: Table = csv(
    "consents.csv",
    "consents",
    &[
        "consent_id",
        "user_id",
        "email",
        "channel",
        "purpose",
        "status",
        "source",
        "recorded_at",
        "ingested_at",
    ],
);

pub(crate) const PRODUCTS: Table = csv(
    "products.csv",
    "products",
    &[
        "product_id",
        "name",
        "category",
        "brand",
        "price",
        "is_available",
        "updated_at",
        "ingested_at",
    ],
);

pub(crate) const TRUE_PEOPLE: Table = Table {
    file: "truth/people.csv",
    source: None,
    format: Format::Csv,
    columns: &[
        "person_id",
        "true_churn_probability",
        "alive",
        "churned",
        "is_customer",
        "orders_before",
    ],
};

pub(crate) const TRUE_IDENTIFIERS: Table = Table {
    file: "truth/identifiers.csv",
    source: None,
    format: Format::Csv,
    columns: &["person_id", "identifier_type", "identifier_value"],
};
