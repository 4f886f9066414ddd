//! What the tables of a date say of a profile.

use std::collections::BTreeMap;

use arrow::array::Array;
use cdp_lake::{Catalog, Result};
use serde::Serialize;

use super::quoted;
use crate::matrix::texts;
use crate::overrides::{AffectedProfile, table};
use crate::project::Project;
use crate::steps::date_sql;

const SNAPSHOTS: &str = "profiles.profile_snapshots";
const CONSENT: &str = "profiles.consent_status";

/// A field of the golden record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Its column.
    pub field: String,
    /// What it says.
    pub value: String,
    /// The staging model that says so.
    pub source: Option<String>,
    /// When that source said so, UTC.
    pub at: Option<String>,
}

/// What a person allows on a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Consent {
    /// The channel.
    pub channel: String,
    /// For what.
    pub purpose: String,
    /// granted, refused or conflict.
    pub status: String,
    /// When the latest decision was made, UTC.
    pub decided_at: Option<String>,
}

/// What else the date says of a profile. A table that was not made for it says nothing.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Standing {
    /// The golden record.
    pub fields: Vec<Field>,
    /// The staging models that know the person.
    pub sources: Option<String>,
    /// What the person allows.
    pub consents: Vec<Consent>,
    /// The segments it is in.
    pub segments: Vec<String>,
    /// Its churn probability, when it was scored.
    pub churn_probability: Option<f64>,
    /// The band of that.
    pub risk_band: Option<String>,
    /// Why it was not scored.
    pub not_scored_reason: Option<String>,
}

impl Project {
    /// What the tables of the catalog's date say of a profile.
    pub(super) async fn standing(&self, catalog: &Catalog, profile_id: &str) -> Result<Standing> {
        let mut standing = Standing::default();
        self.add_fields(catalog, profile_id, &mut standing).await?;
        if self.has_model(CONSENT)? {
            standing.consents = consents(catalog, profile_id).await?;
        }
        let mut profiles = [AffectedProfile {
            profile_id: profile_id.to_owned(),
            ..AffectedProfile::default()
        }];
        if let Some(date) = catalog.as_of_date() {
            self.describe(catalog, date, &mut profiles).await?;
        }
        let [found] = profiles;
        standing.segments = found.segments;
        standing.churn_probability = found.churn_probability;
        standing.risk_band = found.risk_band;
        standing.not_scored_reason = found.not_scored_reason;
        Ok(standing)
    }

    /// Every column with a source and a date beside it is a field.
    async fn add_fields(
        &self,
        catalog: &Catalog,
        profile_id: &str,
        standing: &mut Standing,
    ) -> Result<()> {
        if !self.has_model(SNAPSHOTS)? {
            return Ok(());
        }
        let schema = self.schema(&table::name(SNAPSHOTS)?)?;
        let has = |name: &str| schema.column_with_name(name).is_some();
        let names = schema.fields().iter().map(|field| field.name().clone());
        let names: Vec<String> = names
            .filter(|name| has(&format!("{name}_source")) && has(&format!("{name}_at")))
            .collect();
        let mut columns: Vec<String> = names
            .iter()
            .flat_map(|name| [name.clone(), format!("{name}_source"), format!("{name}_at")])
            .collect();
        if has("sources") {
            columns.push("sources".to_owned());
        }
        if columns.is_empty() {
            return Ok(());
        }
        let row = rows(catalog, SNAPSHOTS, profile_id, &columns).await?;
        let Some(mut row) = row.into_iter().next() else {
            return Ok(());
        };
        for field in names {
            let (source, at) = (format!("{field}_source"), format!("{field}_at"));
            if let Some(value) = row.remove(&field) {
                standing.fields.push(Field {
                    value,
                    source: row.remove(&source),
                    at: row.remove(&at),
                    field,
                });
            }
        }
        standing.sources = row.remove("sources");
        Ok(())
    }
}

async fn consents(catalog: &Catalog, profile_id: &str) -> Result<Vec<Consent>> {
    let columns = ["channel", "purpose", "status", "decided_at"].map(str::to_owned);
    let rows = rows(catalog, CONSENT, profile_id, &columns).await?;
    let consents = rows.into_iter().map(|mut row| Consent {
        channel: row.remove("channel").unwrap_or_default(),
        purpose: row.remove("purpose").unwrap_or_default(),
        status: row.remove("status").unwrap_or_default(),
        decided_at: row.remove("decided_at"),
    });
    Ok(consents.collect())
}

/// The rows of a profile on the catalog's date as texts, without nulls, in the order of all columns.
async fn rows(
    catalog: &Catalog,
    table: &str,
    profile_id: &str,
    columns: &[String],
) -> Result<Vec<BTreeMap<String, String>>> {
    let texts_of: Vec<String> = columns
        .iter()
        .map(|name| format!("cast(\"{name}\" as varchar) as \"{name}\""))
        .collect();
    let order: Vec<String> = columns.iter().map(|name| format!("\"{name}\"")).collect();
    let query = format!(
        "select {} from {table} where as_of_date = {} and profile_id = {} order by {}",
        texts_of.join(", "),
        date_sql(catalog.as_of_date()),
        quoted([profile_id]),
        order.join(", ")
    );
    let mut rows = Vec::new();
    for batch in catalog.batches(&query).await? {
        let mut of_batch = vec![BTreeMap::new(); batch.num_rows()];
        for name in columns {
            let values = texts(&batch, name)?;
            for (row, cells) in of_batch.iter_mut().enumerate() {
                if values.is_valid(row) {
                    cells.insert(name.clone(), values.value(row).to_owned());
                }
            }
        }
        rows.append(&mut of_batch);
    }
    Ok(rows)
}
