//! Records into weights: one row of `identity.linkage_model`.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use cdp_lake::{Result, Staged};
use cdp_linkage::{LinkageModel, TrainingCounts};

use super::{Linking, table};
use crate::fingerprint::sha256;
use crate::matrix::{counts, one_batch};
use crate::steps::{Asked, Done};

const SAMPLE: &str = "identity.linkage_sample";
const CERTAIN_KEYS: &str = "identity.linkage_certain_keys";
const CERTAIN_BLOCKS: &str = "identity.linkage_certain_blocks";

/// The columns of `identity.linkage_model`.
pub(in crate::steps) fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let int = |name: &str| Field::new(name, DataType::Int64, true);
    Arc::new(Schema::new(vec![
        text("model_id"),
        text("model"),
        text("settings"),
        int("record_count"),
        int("pair_count"),
        Field::new("match_share", DataType::Float64, true),
        Field::new("is_converged", DataType::Boolean, true),
        text("blocks_left_out"),
        Field::new("as_of_date", DataType::Date32, true),
    ]))
}

pub(in crate::steps) async fn run(asked: &Asked<'_>) -> Result<Done> {
    let linking = Linking::begin(asked.catalog, &asked.config.linkage).await?;
    let need = linking.config.records_min().max(2);
    if linking.records < need {
        return no_weights(format!(
            "no weights: {} records, need {need} (`linkage.training.records_min`)",
            linking.records
        ));
    }
    let pairs = linking.compare().await?;
    if pairs == 0 {
        let note = "no weights: no two records share a block (`linkage.blocking`)";
        return no_weights(note.to_owned());
    }
    let counts = TrainingCounts {
        blocked: linking
            .patterns(&format!("select pattern from {}", super::PAIRS))
            .await?,
        random: linking.random_patterns().await?,
        certain: linking.certain_pairs().await?,
        pairs: linking.records as f64 * (linking.records as f64 - 1.0) / 2.0,
    };
    let model = LinkageModel::train(&linking.config, &counts);
    let left_out = linking.left_out().await?;
    let told = left_out.as_ref().map_or_else(String::new, |blocks| {
        format!("; left out as too large: {blocks}")
    });
    let ended = if model.converged {
        ""
    } else {
        "; training did not converge (`linkage.training.iterations_max`)"
    };
    let note = format!(
        "learned from {} records and {pairs} pairs, about {:.0} of them matches{ended}{told}",
        linking.records,
        model.prior * counts.pairs
    );
    let day = asked.task.as_of_date.epoch_day();
    let row = row(&linking, &model, pairs, left_out, day)?;
    Ok(Done {
        staged: Staged::from_batches(schema(), vec![row])?,
        note: Some(note),
        named: Vec::new(),
    })
}

fn no_weights(note: String) -> Result<Done> {
    Ok(Done {
        staged: Staged::from_batches(schema(), Vec::new())?,
        note: Some(note),
        named: Vec::new(),
    })
}

impl Linking<'_> {
    /// How pairs drawn at random agree.
    async fn random_patterns(&self) -> Result<cdp_linkage::PatternCounts> {
        let records = usize::try_from(self.records).unwrap_or(usize::MAX);
        let drawn = self.config.random_pairs(records);
        let place = |name: &str| Field::new(name, DataType::Int64, false);
        let schema = Arc::new(Schema::new(vec![place("left_place"), place("right_place")]));
        let (left, right): (Vec<i64>, Vec<i64>) = drawn
            .iter()
            .map(|(left, right)| (i64::from(*left), i64::from(*right)))
            .unzip();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(left)),
            Arc::new(Int64Array::from(right)),
        ];
        let rows = RecordBatch::try_new(schema.clone(), columns)?;
        self.catalog
            .keep_rows(&table(SAMPLE)?, schema, vec![rows])?;
        let sample = format!("select left_place, right_place from {SAMPLE}");
        self.patterns(&self.compared(&sample)).await
    }

    /// How many pairs the certain rules find, where there are such rules.
    async fn certain_pairs(&self) -> Result<Option<u64>> {
        if !self.config.has_certain_rules() {
            return Ok(None);
        }
        self.keep_blocks(CERTAIN_KEYS, CERTAIN_BLOCKS, "linkage_certain_keys")
            .await?;
        let pairs = self.blocked(CERTAIN_KEYS, CERTAIN_BLOCKS);
        let sql = format!("select count(*) as pairs from ({pairs}) as p");
        let answer = self.catalog.query(&sql, None).await?;
        Ok(counts(&one_batch(&answer)?, "pairs")?.first().copied())
    }
}

fn row(
    linking: &Linking<'_>,
    model: &LinkageModel,
    pairs: u64,
    left_out: Option<String>,
    day: i32,
) -> Result<RecordBatch> {
    let text = |value: String| -> ArrayRef { Arc::new(StringArray::from(vec![value])) };
    let int =
        |value: u64| -> ArrayRef { Arc::new(Int64Array::from(vec![i64::try_from(value).ok()])) };
    let json = model.to_json();
    let mut model_id = sha256(&json);
    model_id.truncate(16);
    Ok(RecordBatch::try_new(
        schema(),
        vec![
            text(model_id),
            text(json),
            text(linking.config.settings()),
            int(linking.records),
            int(pairs),
            Arc::new(Float64Array::from(vec![model.prior])),
            Arc::new(BooleanArray::from(vec![model.converged])),
            Arc::new(StringArray::from(vec![left_out])),
            Arc::new(Date32Array::from(vec![day])),
        ],
    )?)
}
