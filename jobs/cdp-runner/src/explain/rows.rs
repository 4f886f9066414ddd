//! The rows that say that two identifiers belong together, found by the key of their staging model.

use std::collections::BTreeMap;

use arrow::datatypes::DataType;
use cdp_lake::{Catalog, Result};
use cdp_plan::{Layer, TableName};

use super::quoted;
use super::step::Step;
use crate::matrix::{bools, texts};
use crate::project::Project;
use crate::steps::date_sql;

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

    /// What is needed of the staging model of that name, or of the pairs of records, if evidence was
    /// read from there.
    fn columns(&self, source: &str) -> Result<Option<Columns>> {
        let layers = [Layer::Staging, Layer::Identity].into_iter();
        let mut names = layers.filter_map(|layer| TableName::new(layer, source).ok());
        let Some(model) = names.find_map(|name| self.manifest().model(&name)) else {
            return Ok(None);
        };
        let name = model.name.clone();
        let schema = self.schema(&name)?;
        let of = |wanted: &dyn Fn(&arrow::datatypes::Field) -> bool| -> Vec<String> {
            let fields = schema.fields().iter().filter(|field| wanted(field));
            fields.map(|field| field.name().clone()).collect()
        };
        let columns = Columns {
            identifiers: of(&|field| field.name().ends_with(SUFFIX)),
            times: of(&|field| matches!(field.data_type(), DataType::Timestamp(..))),
            key: model.grain.clone(),
            is_dated: model.materialization.is_dated(),
            table: name,
        };
        Ok((!columns.identifiers.is_empty()).then_some(columns))
    }
}

/// The columns of a staging model that matter here.
struct Columns {
    table: TableName,
    /// Only the rows of the date speak.
    is_dated: bool,
    key: Vec<String>,
    identifiers: Vec<String>,
    times: Vec<String>,
}

impl Columns {
    /// One row may say several links, so each has a column of its own that tells whether it is said.
    async fn find(&self, catalog: &Catalog, steps: &mut [&mut Step]) -> Result<()> {
        let conditions: Vec<String> = steps.iter().map(|step| self.condition(step)).collect();
        let listed = |lines: Vec<String>| lines.join(", ");
        let says = conditions.iter().enumerate();
        let says = says.map(|(place, condition)| format!("{condition} as says_{place}"));
        let keys = self.key.iter().enumerate();
        let keys = keys.map(|(place, name)| format!("cast(\"{name}\" as varchar) as key_{place}"));
        let order = (0..self.key.len()).map(|place| format!("key_{place}"));
        let date = catalog.as_of_date().filter(|_| self.is_dated);
        let of_date = date.map_or_else(String::new, |date| {
            format!("as_of_date = {} and ", date_sql(Some(date)))
        });
        let query = format!(
            "select {}, {} from {} where {of_date}({}) order by {}",
            listed(says.collect()),
            listed(keys.collect()),
            self.table,
            conditions.join(" or "),
            listed(order.collect())
        );
        for batch in catalog.batches(&query).await? {
            let values = (0..self.key.len()).map(|place| texts(&batch, &format!("key_{place}")));
            let values = values.collect::<Result<Vec<_>>>()?;
            for (place, step) in steps.iter_mut().enumerate() {
                let says = bools(&batch, &format!("says_{place}"))?;
                let Some(row) = says.iter().position(|says| *says) else {
                    continue;
                };
                let cells = self.key.iter().zip(&values);
                let cells = cells.map(|(name, value)| (name.clone(), value.value(row).to_owned()));
                step.row.get_or_insert_with(|| cells.collect());
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
