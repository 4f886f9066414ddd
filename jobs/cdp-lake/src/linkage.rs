//! The functions that linking records needs, in the session of one task.
//!
//! `linkage_clean_<field>(value)` makes a value comparable. `linkage_keys(values…)` gives the blocks
//! that a record is in, and `linkage_certain_keys(values…)` those of the rules whose pairs are
//! matches. `linkage_compare(values of one…, values of the other…)` gives the pattern of a pair as a
//! number. With trained weights there are `linkage_term_weight(comparison, bearers)`,
//! `linkage_match_weight(pattern, term weights…)`, `linkage_explain(pattern, term weights…)`,
//! `linkage_probability(weight)` and `linkage_purpose(probability)`.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayBuilder, ArrayRef, AsArray, Float64Array, Int64Array, Int64Builder, ListArray,
    StringArray, StringBuilder, StructArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields, Float64Type, Int64Type};
use cdp_linkage::{BlockKeys, LinkageConfig, LinkageModel, Pattern, match_probability};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Volatility, create_udf};

use crate::catalog::Catalog;

/// What a record is in a block as: its two keys are the same by rule, it is the left record of a
/// pair, the right one, or either.
const SIDES: [i64; 4] = [0, 1, 2, 3];

impl Catalog {
    /// Lets queries clean, block and compare records.
    pub fn register_linkage(&self, config: &Arc<LinkageConfig>) {
        let fields = config.field_names().len();
        for field in 0..fields {
            let config = config.clone();
            let name = format!("linkage_clean_{field}");
            self.function(&name, vec![DataType::Utf8], DataType::Utf8, move |arrays| {
                let values = arrays[0].as_string::<i32>().iter();
                let cleaned = values.map(|value| config.clean(field, value?));
                Arc::new(cleaned.collect::<StringArray>())
            });
        }
        let keys = config.clone();
        self.keys("linkage_keys", fields, move |record| {
            keys.block_keys(record)
        });
        let keys = config.clone();
        let certain = move |record: &[Option<&str>]| keys.certain_keys(record);
        self.keys("linkage_certain_keys", fields, certain);
        let config = config.clone();
        let texts = vec![DataType::Utf8; 2 * fields];
        self.function("linkage_compare", texts, DataType::Int64, move |arrays| {
            let columns = texts_of(arrays);
            let mut values = Vec::with_capacity(2 * fields);
            let patterns = (0..arrays[0].len()).map(|row| {
                read(&columns, row, &mut values);
                let (left, right) = values.split_at(fields);
                config.compare(left, right).0.cast_signed()
            });
            Arc::new(patterns.collect::<Int64Array>())
        });
    }

    /// Lets queries score pairs with trained weights; `people` are those that have a value, by
    /// comparison.
    pub fn register_weights(
        &self,
        config: &Arc<LinkageConfig>,
        model: &Arc<LinkageModel>,
        people: Vec<f64>,
    ) {
        use DataType::{Float64, Int64, Utf8};
        let trained = model.clone();
        let types = vec![Int64, Float64];
        self.function("linkage_term_weight", types, Float64, move |arrays| {
            let comparisons = arrays[0].as_primitive::<Int64Type>().values();
            let bearers = arrays[1].as_primitive::<Float64Type>().values();
            let weights = comparisons
                .iter()
                .zip(bearers)
                .map(|(comparison, bearers)| {
                    let comparison = usize::try_from(*comparison).unwrap_or_default();
                    let people = people.get(comparison).copied().unwrap_or_default();
                    trained.term_weight(comparison, *bearers, people)
                });
            Arc::new(Float64Array::from_iter_values(weights))
        });
        let mut types = vec![Float64; model.comparisons.len()];
        types.insert(0, Int64);
        let trained = model.clone();
        self.function(
            "linkage_match_weight",
            types.clone(),
            Float64,
            move |arrays| {
                let weights = patterns(arrays).map(|(row, pattern)| {
                    trained.match_weight(pattern, |comparison| term(arrays, row, comparison))
                });
                Arc::new(Float64Array::from_iter_values(weights))
            },
        );
        let trained = model.clone();
        self.function("linkage_explain", types, Utf8, move |arrays| {
            let mut texts = StringBuilder::new();
            for (row, pattern) in patterns(arrays) {
                let told = trained.explain(pattern, |comparison| term(arrays, row, comparison));
                texts.append_option(serde_json::to_string(&told).ok());
            }
            Arc::new(texts.finish())
        });
        self.function("linkage_probability", vec![Float64], Float64, |arrays| {
            let weights = arrays[0].as_primitive::<Float64Type>();
            Arc::new(weights.unary::<_, Float64Type>(match_probability))
        });
        let config = config.clone();
        self.function("linkage_purpose", vec![Float64], Utf8, move |arrays| {
            let probabilities = arrays[0].as_primitive::<Float64Type>().iter();
            let purposes = probabilities.map(|probability| config.purpose(probability?));
            Arc::new(purposes.collect::<StringArray>())
        });
    }

    fn keys(
        &self,
        name: &str,
        fields: usize,
        keys: impl Fn(&[Option<&str>]) -> Vec<BlockKeys> + Send + Sync + 'static,
    ) {
        let texts = vec![DataType::Utf8; fields];
        self.function(name, texts, DataType::List(block()), move |arrays| {
            let columns = texts_of(arrays);
            let mut blocks = Blocks::default();
            let mut values = Vec::with_capacity(fields);
            for row in 0..arrays[0].len() {
                read(&columns, row, &mut values);
                blocks.push(&keys(&values));
            }
            Arc::new(blocks.finish())
        });
    }

    fn function(
        &self,
        name: &str,
        takes: Vec<DataType>,
        gives: DataType,
        of: impl Fn(&[ArrayRef]) -> ArrayRef + Send + Sync + 'static,
    ) {
        let of = move |arguments: &[ColumnarValue]| -> Result<ColumnarValue> {
            let arrays = ColumnarValue::values_to_arrays(arguments)?;
            Ok(ColumnarValue::Array(of(&arrays)))
        };
        let function = create_udf(name, takes, gives, Volatility::Immutable, Arc::new(of));
        self.session().register_udf(function);
    }
}

fn texts_of(arrays: &[ArrayRef]) -> Vec<&StringArray> {
    arrays.iter().map(AsArray::as_string::<i32>).collect()
}

fn read<'a>(columns: &[&'a StringArray], row: usize, values: &mut Vec<Option<&'a str>>) {
    values.clear();
    let of_row = columns
        .iter()
        .map(|column| column.is_valid(row).then(|| column.value(row)));
    values.extend(of_row);
}

fn patterns(arrays: &[ArrayRef]) -> impl Iterator<Item = (usize, Pattern)> {
    let patterns = arrays[0].as_primitive::<Int64Type>().values();
    let patterns = patterns
        .iter()
        .map(|pattern| Pattern(pattern.cast_unsigned()));
    patterns.enumerate()
}

/// The term weight of a comparison, which stands behind the pattern; none is 0.
fn term(arrays: &[ArrayRef], row: usize, comparison: usize) -> f64 {
    let weights = arrays[comparison + 1].as_primitive::<Float64Type>();
    if weights.is_valid(row) {
        weights.value(row)
    } else {
        0.0
    }
}

fn block_fields() -> Fields {
    let names = ["rule", "key", "side"];
    let fields = names.map(|name| Field::new(name, DataType::Int64, false));
    fields.into_iter().collect()
}

fn block() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(block_fields()), true))
}

/// For each record the blocks that it is in.
#[derive(Default)]
struct Blocks {
    rule: Int64Builder,
    key: Int64Builder,
    side: Int64Builder,
    lengths: Vec<usize>,
}

impl Blocks {
    fn push(&mut self, keys: &[BlockKeys]) {
        let before = self.sides();
        for (rule, keys) in (0..).zip(keys) {
            let [within, left, right, either] = SIDES;
            match (keys.left, keys.right) {
                (Some(key), _) if !keys.crosses => self.add(rule, key, within),
                (Some(key), Some(other)) if key == other => self.add(rule, key, either),
                (one, other) => {
                    if let Some(key) = one {
                        self.add(rule, key, left);
                    }
                    if let Some(key) = other {
                        self.add(rule, key, right);
                    }
                }
            }
        }
        self.lengths.push(self.sides() - before);
    }

    fn sides(&self) -> usize {
        self.side.len()
    }

    fn add(&mut self, rule: i64, key: u64, side: i64) {
        self.rule.append_value(rule);
        self.key.append_value(key.cast_signed());
        self.side.append_value(side);
    }

    fn finish(mut self) -> ListArray {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.rule.finish()),
            Arc::new(self.key.finish()),
            Arc::new(self.side.finish()),
        ];
        let rows = StructArray::new(block_fields(), columns, None);
        let offsets = OffsetBuffer::from_lengths(self.lengths);
        ListArray::new(block(), offsets, Arc::new(rows), None)
    }
}
