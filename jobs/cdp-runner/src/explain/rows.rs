//! The rows that say that two identifiers belong together, found by the key of their staging model.

use std::collections::BTreeMap;

use arrow::datatypes::DataType;
use cdp_lake::{Catalog, Result};
use cdp_plan::{Layer, TableName};

use super::quoted;
use super::step::Step;
use crate::matrix::texts;
use crate::project::Project;

/// How many links are looked for at once.
const AT_ONCE: usize = 100;
const SUFFIX: &str = "_identifier";

impl Project {
    /// Gives each step the first row that says it.
    pub(super) async fn find_rows(&self, catalog: &Catalog, steps: &mut [Step]) -> Result<()> {
        let mut of_source: BTreeMap<String, Vec<&mut Step>> = BTreeMap::new();
        for step in steps {
            if let Some(source) = step.source.clone() {
                of_source.entry(source).or_default().push(step);
            }
        }
        for (source, mut steps) in of_source {
            let Some(columns) = self.columns(&source)? else {
                continue;
            };
            for some in steps.chunks_mut(AT_ONCE) {
                columns.find(catalog, some).await?;
            }
        }
        Ok(())
    }

    /// What is needed of the staging model of that name, if evidence was read from one.
    fn columns(&self, source: &str) -> Result<Option<Columns>> {
        let Ok(name) = TableName::new(Layer::Staging, source) else {
            return Ok(None);
        };
        let Some(model) = self.manifest().model(&name) else {
            return Ok(None);
        };
        let schema = self.schema(&name)?;
        let of = |wanted: &dyn Fn(&arrow::datatypes::Field) -> bool| -> Vec<String> {
            let fields = schema.fields().iter().filter(|field| wanted(field));
            fields.map(|field| field.name().clone()).collect()
        };
        let columns = Columns {
            identifiers: of(&|field| field.name().ends_with(SUFFIX)),
            times: of(&|field| matches!(field.data_type(), DataType::Timestamp(..))),
            key: model.grain.clone(),
            table: name,
        };
        Ok((!columns.identifiers.is_empty()).then_some(columns))
    }
}

/// The columns of a staging model that matter here.
struct Columns {
    table: TableName,
    key: Vec<String>,
    identifiers: Vec<String>,
    times: Vec<String>,
}

impl Columns {
    async fn find(&self, catalog: &Catalog, steps: &mut [&mut Step]) -> Result<()> {
        let conditions: Vec<String> = steps.iter().map(|step| self.condition(step)).collect();
        let numbered = conditions.iter().enumerate();
        let whens: Vec<String> = numbered
            .map(|(place, condition)| format!("when {condition} then {place}"))
            .collect();
        let keys: Vec<String> = self
            .key
            .iter()
            .enumerate()
            .map(|(place, name)| format!("cast(\"{name}\" as varchar) as key_{place}"))
            .collect();
        let query = format!(
            "select case {} end as step, {} from {} where {} order by 1, {}",
            whens.join(" "),
            keys.join(", "),
            self.table,
            conditions.join(" or "),
            (0..keys.len())
                .map(|place| format!("key_{place}"))
                .collect::<Vec<_>>()
                .join(", ")
        );
        for batch in catalog.batches(&query).await? {
            let places = texts(&batch, "step")?;
            let values = (0..keys.len()).map(|place| texts(&batch, &format!("key_{place}")));
            let values = values.collect::<Result<Vec<_>>>()?;
            for row in 0..batch.num_rows() {
                let place: usize = places.value(row).parse().unwrap_or(usize::MAX);
                let Some(step) = steps.get_mut(place).filter(|step| step.row.is_none()) else {
                    continue;
                };
                let cells = self.key.iter().zip(&values);
                let cells = cells.map(|(name, value)| (name.clone(), value.value(row).to_owned()));
                step.row = Some(cells.collect());
            }
        }
        Ok(())
    }

    /// Whether a row holds both ends of a step and is of the time at which it was first seen.
    fn condition(&self, step: &Step) -> String {
        let holds = |identifier: &str| {
            let text = quoted([identifier]);
            let columns = self.identifiers.iter();
            let equal: Vec<String> = columns.map(|name| format!("\"{name}\" = {text}")).collect();
            format!("({})", equal.join(" or "))
        };
        let mut all = vec![holds(&step.from), holds(&step.to)];
        if let (Some(first), false) = (step.first_seen_at, self.times.is_empty()) {
            let micros = first.timestamp_micros();
            let columns = self.times.iter();
            let equal: Vec<String> = columns
                .map(|name| {
                    format!(
                        "cast(arrow_cast(\"{name}\", 'Timestamp(Microsecond, None)') as bigint) = {micros}"
                    )
                })
                .collect();
            all.push(format!("({})", equal.join(" or ")));
        }
        format!("({})", all.join(" and "))
    }
}
