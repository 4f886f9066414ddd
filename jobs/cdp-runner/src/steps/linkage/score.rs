//! Pairs and weights into match weights.
//!
//! How many people bear a value is counted in whole units, not in fractions, so that the order of
//! rows changes no sum.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use cdp_lake::Result;
use cdp_linkage::{LinkageModel, Pattern, PatternCounts, match_probability};

use super::{Linking, PAIRS, ROWS, table};
use crate::matrix::whole_numbers;

const EXACT: &str = "identity.linkage_exact";
const LIKELY_PATTERNS: &str = "identity.linkage_likely_patterns";
const LIKELY: &str = "identity.linkage_likely";
const BEARERS: &str = "identity.linkage_bearers";
/// The weights of the values of the records that a likely pair names.
pub(super) const TERMS: &str = "identity.linkage_terms";
/// The likely pairs, with their match weights.
pub(super) const SCORED: &str = "identity.linkage_scored";

/// A person, or a certain match, in whole units.
const UNIT: f64 = 1_073_741_824.0;

impl Linking<'_> {
    /// Gives every pair that may be kept its match weight.
    pub(super) async fn score(&self, model: &Arc<LinkageModel>) -> Result<()> {
        let patterns = self
            .patterns(&format!("select pattern from {PAIRS}"))
            .await?;
        self.keep_patterns(model, &patterns)?;
        let sql = format!(
            "select p.left_place, p.right_place, p.pattern from {LIKELY_PATTERNS} as likely \
             inner join {PAIRS} as p on p.pattern = likely.pattern"
        );
        self.catalog.keep(&table(LIKELY)?, &sql).await?;
        let people = self.count_bearers(model.comparisons.len()).await?;
        self.catalog.register_weights(&self.config, model, people);
        self.keep_terms(model.comparisons.len()).await?;
        let terms = term_columns(model.comparisons.len(), "t.");
        let sql = format!(
            "select p.left_place, p.right_place, p.pattern, \
             linkage_match_weight(p.pattern, {terms}) as match_weight, \
             linkage_explain(p.pattern, {terms}) as evidence \
             from {LIKELY} as p left join {TERMS} as t on t.place = p.left_place"
        );
        let sql = format!(
            "select left_place, right_place, pattern, match_weight, \
             linkage_probability(match_weight) as match_probability, evidence \
             from ({sql}) as scored where linkage_probability(match_weight) >= {:?}",
            self.config.keep_probability()
        );
        self.catalog.keep(&table(SCORED)?, &sql).await?;
        Ok(())
    }

    /// Which patterns agree exactly where rare values weigh more, and how likely they are matches
    /// before that; and which can reach the lowest threshold at all.
    fn keep_patterns(&self, model: &LinkageModel, patterns: &PatternCounts) -> Result<()> {
        let fields = self.config.term_fields();
        let (mut exact, mut likely) = (vec![Vec::new(); 3], vec![Vec::new()]);
        for pattern in patterns.keys() {
            let number = pattern.0.cast_signed();
            let weight = model.match_weight_max(*pattern, self.records as f64);
            if match_probability(weight) >= self.config.keep_probability() {
                likely[0].push(number);
            }
            let units = units(match_probability(model.match_weight(*pattern, |_| 0.0)));
            for comparison in exact_comparisons(*pattern, &fields).filter(|_| units > 0) {
                exact[0].push(number);
                exact[1].push(i64::try_from(comparison).unwrap_or_default());
                exact[2].push(units);
            }
        }
        self.keep_numbers(EXACT, &["pattern", "comparison", "units"], exact)?;
        self.keep_numbers(LIKELY_PATTERNS, &["pattern"], likely)
    }

    pub(super) fn keep_numbers(
        &self,
        name: &str,
        columns: &[&str],
        rows: Vec<Vec<i64>>,
    ) -> Result<()> {
        let fields = columns
            .iter()
            .map(|column| Field::new(*column, DataType::Int64, false));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let columns = rows
            .into_iter()
            .map(|column| -> ArrayRef { Arc::new(Int64Array::from(column)) });
        let batch = RecordBatch::try_new(schema.clone(), columns.collect())?;
        self.catalog.keep_rows(&table(name)?, schema, vec![batch])?;
        Ok(())
    }

    /// The values that weigh by frequency: record, comparison and value, for each comparison.
    fn term_values(&self) -> String {
        let fields = self.config.term_fields().into_iter().enumerate();
        let values = fields.filter_map(|(comparison, field)| {
            let field = field?;
            Some(format!(
                "select place, cast({comparison} as bigint) as comparison, f{field} as value \
                 from {ROWS} where f{field} is not null"
            ))
        });
        let values: Vec<String> = values.collect();
        if values.is_empty() {
            return format!(
                "select place, cast(0 as bigint) as comparison, cast(null as varchar) as value \
                 from {ROWS} where false"
            );
        }
        values.join(" union all ")
    }

    /// Counts people and not records: a record counts for as much of a person as is left when its
    /// expected matches that agree on the value have their share. Gives the people by comparison.
    async fn count_bearers(&self, comparisons: usize) -> Result<Vec<f64>> {
        let sql = format!(
            "with ends as (\
             select p.left_place as place, e.comparison, e.units from {EXACT} as e \
             inner join {PAIRS} as p on p.pattern = e.pattern \
             union all \
             select p.right_place as place, e.comparison, e.units from {EXACT} as e \
             inner join {PAIRS} as p on p.pattern = e.pattern), \
             partners as (select place, comparison, sum(units) as units from ends \
             group by place, comparison) \
             select t.comparison, t.value, sum(cast(round({UNIT:?} * {UNIT:?} / \
             ({UNIT:?} + coalesce(partners.units, 0))) as bigint)) as units \
             from ({}) as t left join partners on partners.place = t.place \
             and partners.comparison = t.comparison group by t.comparison, t.value",
            self.term_values()
        );
        self.catalog.keep(&table(BEARERS)?, &sql).await?;
        let sql =
            format!("select comparison, sum(units) as units from {BEARERS} group by comparison");
        let mut people = vec![0.0; comparisons];
        for batch in self.catalog.batches(&sql).await? {
            let comparison = whole_numbers(&batch, "comparison")?;
            let units = whole_numbers(&batch, "units")?;
            for (comparison, units) in comparison.values().iter().zip(units.values()) {
                let place = usize::try_from(*comparison).unwrap_or(usize::MAX);
                if let Some(people) = people.get_mut(place) {
                    *people = *units as f64 / UNIT;
                }
            }
        }
        Ok(people)
    }

    async fn keep_terms(&self, comparisons: usize) -> Result<()> {
        let columns = (0..comparisons).map(|comparison| {
            format!("max(case when t.comparison = {comparison} then w.weight end) as t{comparison}")
        });
        let columns: Vec<String> = columns.collect();
        let sql = format!(
            "with named as (select left_place as place from {LIKELY} \
             union select right_place as place from {LIKELY}), \
             weights as (select comparison, value, \
             linkage_term_weight(comparison, cast(units as double) / {UNIT:?}) as weight \
             from {BEARERS}) \
             select t.place, {} from named inner join ({}) as t on t.place = named.place \
             inner join weights as w on w.comparison = t.comparison and w.value = t.value \
             group by t.place",
            columns.join(", "),
            self.term_values()
        );
        self.catalog.keep(&table(TERMS)?, &sql).await?;
        Ok(())
    }
}

fn units(probability: f64) -> i64 {
    // A probability times the unit is far below what a whole number holds.
    #[expect(clippy::cast_possible_truncation, reason = "at most the unit")]
    let units = (probability * UNIT).round() as i64;
    units
}

fn exact_comparisons(pattern: Pattern, fields: &[Option<usize>]) -> impl Iterator<Item = usize> {
    let weighing = fields
        .iter()
        .enumerate()
        .filter(|(_, field)| field.is_some());
    weighing
        .map(|(comparison, _)| comparison)
        .filter(move |comparison| pattern.level(*comparison) == 1)
}

/// The term weights of a record, as arguments.
pub(super) fn term_columns(comparisons: usize, of: &str) -> String {
    let columns: Vec<String> = (0..comparisons).map(|one| format!("{of}t{one}")).collect();
    columns.join(", ")
}
