//! What is told beside the map: violations and figures.

use std::collections::BTreeMap;

use arrow::array::{Array, RecordBatch};
use cdp_identity::ProfileMap;
use cdp_lake::{Catalog, LakeError};
use cdp_plan::{Step, TableName};

use super::{MAP, Verification, name};
use crate::log::Logs;
use crate::matrix::{floats, strings, texts, whole_numbers};
use crate::project::Project;
use crate::steps::{date_sql, identity};

/// What the rows of a table say, by what they are told apart by.
type Said = BTreeMap<String, String>;

impl Project {
    /// Compares the tables that were made with the map.
    pub(super) async fn compare_beside(
        &self,
        catalog: &Catalog,
        logs: &Logs,
        scratch: &ProfileMap,
        found: &mut Verification,
    ) -> Result<(), LakeError> {
        let date = found.as_of_date;
        let map = logs.entry(&name(MAP)?, date);
        let run = map.map(|entry| entry.run_id.as_str());
        let with_map = |step: Step| -> Option<TableName> {
            let mut models = self.manifest().models();
            let model = models.find(|model| model.step() == Some(step))?;
            let entry = logs.entry(&model.name, date)?;
            (Some(entry.run_id.as_str()) == run).then(|| model.name.clone())
        };
        if let Some(table) = with_map(Step::ListViolations) {
            let stored = violations(catalog, &table).await?;
            let day = date.epoch_day();
            let mut anew = Said::new();
            let listed = identity::violations_batch(&scratch.sorted_violations(), day)?;
            add_violations(&listed, &mut anew)?;
            found.note_all(&table, "violation", &stored, &anew);
        }
        if let Some(table) = with_map(Step::IdentityFigures) {
            let stored = figures(catalog, &table).await?;
            let tally = scratch.tally(identity::LIST_KEPT);
            let violations = scratch.sorted_violations().len();
            let anew = identity::figures_of(&tally, scratch.rules(), violations);
            let anew = anew.into_iter().filter(|figure| figure.is_shown);
            let anew =
                anew.map(|one| (format!("{} {}", one.name, one.item), one.value.to_string()));
            found.note_all(&table, "value", &stored, &anew.collect());
        }
        Ok(())
    }
}

async fn violations(catalog: &Catalog, table: &TableName) -> Result<Said, LakeError> {
    let date = date_sql(catalog.as_of_date());
    let query = format!("select * from {table} where as_of_date = {date}");
    let mut said = Said::new();
    for batch in catalog.batches(&query).await? {
        add_violations(&batch, &mut said)?;
    }
    Ok(said)
}

fn add_violations(batch: &RecordBatch, said: &mut Said) -> Result<(), LakeError> {
    let ids = strings(batch, "violation_id")?;
    let rules = strings(batch, "rule")?;
    let profiles = [
        texts(batch, "left_profile_id")?,
        texts(batch, "right_profile_id")?,
    ];
    let sizes = whole_numbers(batch, "size")?;
    for (row, (id, rule)) in ids.into_iter().zip(rules).enumerate() {
        let profile = |side: usize| {
            if profiles[side].is_valid(row) {
                profiles[side].value(row)
            } else {
                "-"
            }
        };
        let size = if sizes.is_valid(row) {
            sizes.value(row)
        } else {
            0
        };
        said.insert(id, format!("{rule} {} {} {size}", profile(0), profile(1)));
    }
    Ok(())
}

async fn figures(catalog: &Catalog, table: &TableName) -> Result<Said, LakeError> {
    let date = date_sql(catalog.as_of_date());
    let query = format!(
        "select figure, item, value from {table} where as_of_date = {date} \
         and coalesce(is_shown, true)"
    );
    let mut said = Said::new();
    for batch in catalog.batches(&query).await? {
        let values = floats(&batch, "value")?;
        let names = strings(&batch, "figure")?.into_iter();
        let names = names.zip(strings(&batch, "item")?);
        for ((figure, item), value) in names.zip(values.values()) {
            said.insert(format!("{figure} {item}"), value.to_string());
        }
    }
    Ok(said)
}

impl Verification {
    fn note_all(&mut self, table: &TableName, column: &'static str, stored: &Said, anew: &Said) {
        let table = table.to_string();
        for (row, said) in stored {
            let other = anew.get(row);
            if other != Some(said) {
                self.note(
                    &table,
                    row,
                    Some((column, Some(said.clone()), other.cloned())),
                );
            }
        }
        for (row, said) in anew.iter().filter(|(row, _)| !stored.contains_key(*row)) {
            self.note(&table, row, Some((column, None, Some(said.clone()))));
        }
    }
}
