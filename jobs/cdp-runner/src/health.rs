//! How sound the profiles of a date are, next to those of the run before.

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use arrow::record_batch::RecordBatch;
use cdp_plan::{AsOfDate, Fault, Model, Severity};
use serde::Serialize;

use crate::explain::AskError;
use crate::matrix::{bools, column, strings};
use crate::overrides::table;
use crate::project::Project;

const HEALTH: &str = "identity.health";
const FIGURES: &str = "identity.figures";

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HealthFigure {
    /// What it is of: profiles, `singleton_share`, `largest_profile`, …
    pub figure: String,
    /// Of which one, where there are several.
    pub item: String,
    /// The figure.
    pub value: f64,
    /// That of the run before.
    pub previous_value: Option<f64>,
    /// The worst that a check says of it.
    pub breaks: Option<Severity>,
}

/// How sound the profiles of a date are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IdentityHealth {
    /// The date.
    pub as_of_date: AsOfDate,
    /// The date of the run before, if there was one.
    pub previous_date: Option<AsOfDate>,
    /// Its figures.
    pub figures: Vec<HealthFigure>,
    /// The checks that figures break.
    pub broken_checks: Vec<BrokenCheck>,
    /// The file whose checks are the thresholds.
    pub thresholds: String,
}

/// A threshold that figures pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BrokenCheck {
    /// What follows from it.
    pub severity: Severity,
    /// What should hold.
    pub rule: String,
    /// How many figures break it.
    pub figures: usize,
}

impl Project {
    /// The figures of a date, or of the newest, held against the checks of `identity.health`. They are
    /// computed from `identity.figures`, so they are told also when a check held the table back.
    pub async fn identity_health(
        &self,
        as_of: Option<AsOfDate>,
    ) -> Result<IdentityHealth, AskError> {
        let dates = self.map_dates(as_of, FIGURES).await?;
        let name = table::name(HEALTH)?;
        let Some(model) = self.manifest().model(&name) else {
            let fault = Fault::new(format!("the project has no model `{HEALTH}`"));
            let hint = "it is sql/identity/health.sql of a project of `cdp-jobs init`";
            return Err(Box::new(fault.hint(hint)).into());
        };
        let catalog = self.catalog_of(&dates.into()).await?;
        let mut figures = Vec::new();
        let mut counts = vec![0; model.checks.len()];
        for batch in catalog.rows_with_checks(model).await? {
            figures.extend(read(&batch, model, &mut counts)?);
        }
        figures.sort_by(|one, other| {
            let key = |figure: &HealthFigure| (figure.figure.clone(), -figure.value);
            let (one_key, other_key) = (key(one), key(other));
            let by_name = one_key.0.cmp(&other_key.0);
            let by_value = one_key.1.total_cmp(&other_key.1);
            by_name.then(by_value).then(one.item.cmp(&other.item))
        });
        let broken = model
            .checks
            .iter()
            .zip(counts)
            .filter(|(_, count)| *count > 0);
        Ok(IdentityHealth {
            as_of_date: dates.as_of,
            previous_date: dates.previous,
            figures,
            broken_checks: broken
                .map(|(check, figures)| BrokenCheck {
                    severity: check.severity,
                    rule: check.rule.to_string(),
                    figures,
                })
                .collect(),
            thresholds: model.sidecar.path().to_owned(),
        })
    }
}

fn read(
    batch: &RecordBatch,
    model: &Model,
    counts: &mut [usize],
) -> cdp_lake::Result<Vec<HealthFigure>> {
    let (names, items) = (strings(batch, "figure")?, strings(batch, "item")?);
    let values = cast(column(batch, "value")?, &DataType::Float64)?;
    let before = cast(column(batch, "previous_value")?, &DataType::Float64)?;
    let (values, before) = (
        values.as_primitive::<Float64Type>(),
        before.as_primitive::<Float64Type>(),
    );
    let mut worst = vec![None; batch.num_rows()];
    for (place, check) in model.checks.iter().enumerate() {
        let name = format!("breaks_{place}");
        if batch.column_by_name(&name).is_none() {
            continue;
        }
        for (row, breaks) in bools(batch, &name)?.into_iter().enumerate() {
            if breaks {
                counts[place] += 1;
                if worst[row] != Some(Severity::Fail) {
                    worst[row] = Some(check.severity);
                }
            }
        }
    }
    let rows = names.into_iter().zip(items).zip(worst).enumerate();
    let figures = rows.map(|(row, ((figure, item), breaks))| HealthFigure {
        figure,
        item,
        value: values.value(row),
        previous_value: before.is_valid(row).then(|| before.value(row)),
        breaks,
    });
    Ok(figures.collect())
}
