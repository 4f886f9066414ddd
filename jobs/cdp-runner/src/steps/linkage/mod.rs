//! Records without a shared identifier, held against each other.
//!
//! | table of a step | one row is |
//! |---|---|
//! | `identity.linkage_rows` | a record: its place among all in the order of their cleaned values, and these |
//! | `identity.linkage_keys` | a block that a record is in: rule, key, and on which side of a pair |
//! | `identity.linkage_blocks` | a block with records on both sides, and how many |
//! | `identity.linkage_pairs` | a pair that shares a block, by places, and the pattern of its agreement |
//!
//! The places depend on values only, so the order of rows and the number of partitions change
//! nothing. They are kept on disk, once for the training and the linking of a date.

mod accept;
mod link;
pub(crate) mod model;
mod score;
mod train;

use std::sync::Arc;

use arrow::datatypes::DataType;
use cdp_lake::{Catalog, LakeError, Result};
use cdp_linkage::{LinkageConfig, Pattern, PatternCounts};
use cdp_plan::TableName;

pub(super) use link::{run as link_records, schema as linked_schema};
pub(super) use train::{run as train_linkage, schema as model_schema};

use crate::matrix::{counts, whole_numbers};

const RECORDS: &str = "identity.records";
const ROWS: &str = "identity.linkage_rows";
const KEYS: &str = "identity.linkage_keys";
const BLOCKS: &str = "identity.linkage_blocks";
const PAIRS: &str = "identity.linkage_pairs";

/// With more records than this, joins sort and spill instead of holding a side in memory.
const RECORDS_IN_MEMORY: u64 = 200_000;

/// The records of a date, ready to be compared.
struct Linking<'a> {
    catalog: &'a Catalog,
    config: Arc<LinkageConfig>,
    records: u64,
}

impl<'a> Linking<'a> {
    /// Cleans the records and puts them in the order of their values.
    async fn begin(catalog: &'a Catalog, config: &LinkageConfig) -> Result<Self> {
        let config = Arc::new(config.clone());
        catalog.register_linkage(&config);
        let fields = fields(catalog, &config)?;
        let order: Vec<String> = (0..fields.len())
            .map(|field| format!("f{field} nulls first"))
            .collect();
        let sql = format!(
            "with cleaned as (select record_identifier, source, record_id, seen_at, {} \
             from {RECORDS} where record_identifier is not null) \
             select cast(row_number() over (order by {}, record_identifier, source, record_id) - 1 \
             as bigint) as place, * from cleaned",
            fields.join(", "),
            order.join(", ")
        );
        let records = catalog.keep(&table(ROWS)?, &sql).await?;
        if records > RECORDS_IN_MEMORY {
            catalog.join_by_sorting();
        }
        Ok(Self {
            catalog,
            config,
            records,
        })
    }

    /// Compares every two records that share a block; gives how many pairs there are.
    async fn compare(&self) -> Result<u64> {
        self.keep_blocks(KEYS, BLOCKS, "linkage_keys").await?;
        let sql = self.compared(&self.blocked(KEYS, BLOCKS));
        self.catalog.keep(&table(PAIRS)?, &sql).await
    }

    async fn keep_blocks(&self, keys: &str, blocks: &str, function: &str) -> Result<()> {
        let sql = format!(
            "select place, block['rule'] as rule, block['key'] as key, block['side'] as side \
             from (select place, unnest({function}({})) as block from {ROWS}) as all_blocks",
            self.values("")
        );
        self.catalog.keep(&table(keys)?, &sql).await?;
        let sql = format!(
            "select rule, key, greatest(lefts, rights) as records from (\
             select rule, key, sum(case when side <> 2 then 1 else 0 end) as lefts, \
             sum(case when side <> 1 then 1 else 0 end) as rights from {keys} \
             group by rule, key having count(*) > 1) as counted where lefts > 0 and rights > 0"
        );
        self.catalog.keep(&table(blocks)?, &sql).await?;
        Ok(())
    }

    /// A query of all pairs that share a block which is not too large, each once.
    fn blocked(&self, keys: &str, blocks: &str) -> String {
        let most = self.config.block_records_max();
        format!(
            "select least(l.place, r.place) as left_place, greatest(l.place, r.place) as \
             right_place from {blocks} as b \
             inner join {keys} as l on l.rule = b.rule and l.key = b.key \
             inner join {keys} as r on r.rule = b.rule and r.key = b.key \
             where b.records <= {most} and l.side <> 2 and r.side <> 1 \
             and ((l.side = 0 and l.place < r.place) or (l.side <> 0 and l.place <> r.place)) \
             group by least(l.place, r.place), greatest(l.place, r.place)"
        )
    }

    /// A query of pairs with their patterns.
    fn compared(&self, pairs: &str) -> String {
        let (left, right) = (self.values("l."), self.values("r."));
        format!(
            "select p.left_place, p.right_place, linkage_compare({left}, {right}) as pattern \
             from ({pairs}) as p inner join {ROWS} as l on l.place = p.left_place \
             inner join {ROWS} as r on r.place = p.right_place"
        )
    }

    /// The cleaned values of a record, as arguments.
    fn values(&self, of: &str) -> String {
        let fields = 0..self.config.field_names().len();
        let values: Vec<String> = fields.map(|field| format!("{of}f{field}")).collect();
        values.join(", ")
    }

    /// How often each pattern occurs among pairs.
    async fn patterns(&self, pairs: &str) -> Result<PatternCounts> {
        let sql = format!("select pattern, count(*) as pairs from ({pairs}) as p group by pattern");
        let mut found = PatternCounts::new();
        for batch in self.catalog.batches(&sql).await? {
            let pattern = whole_numbers(&batch, "pattern")?;
            let pairs = counts(&batch, "pairs")?;
            let all = pattern.values().iter().zip(pairs);
            found.extend(all.map(|(pattern, pairs)| (Pattern(pattern.cast_unsigned()), pairs)));
        }
        Ok(found)
    }

    /// The blocks that were too large, in words; none when there are none.
    async fn left_out(&self) -> Result<Option<String>> {
        let sql = format!(
            "select rule, count(*) as blocks, max(records) as records from {BLOCKS} \
             where records > {} group by rule order by records desc, rule",
            self.config.block_records_max()
        );
        let rules: Vec<&str> = self.config.blocking_rules().collect();
        let mut told = Vec::new();
        for batch in self.catalog.batches(&sql).await? {
            let rule = whole_numbers(&batch, "rule")?;
            let blocks = counts(&batch, "blocks")?;
            let records = counts(&batch, "records")?;
            for (row, rule) in rule.values().iter().enumerate() {
                let place = usize::try_from(*rule).unwrap_or(usize::MAX);
                let rule = rules.get(place).copied().unwrap_or_default();
                told.push(format!(
                    "`{rule}`: {} of up to {} records",
                    blocks[row], records[row]
                ));
            }
        }
        Ok((!told.is_empty()).then(|| told.join("; ")))
    }
}

/// The values of each field, cleaned, as columns of a query.
fn fields(catalog: &Catalog, config: &LinkageConfig) -> Result<Vec<String>> {
    let schema = catalog.tables().schemas().of(&table(RECORDS)?)?;
    let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    let columns = config.columns(&names).into_iter().enumerate();
    let fields = columns.map(|(field, column)| {
        let Some(column) = column.map(|place| schema.field(place)) else {
            return format!("cast(null as varchar) as f{field}");
        };
        let name = column.name().replace('"', "\"\"");
        let text = match column.data_type() {
            DataType::List(_) | DataType::LargeList(_) => {
                format!("array_to_string(\"{name}\", chr(31))")
            }
            _ => format!("cast(\"{name}\" as varchar)"),
        };
        format!("linkage_clean_{field}({text}) as f{field}")
    });
    Ok(fields.collect())
}

fn table(name: &str) -> Result<TableName> {
    name.parse::<TableName>()
        .map_err(|error| LakeError::new(cdp_lake::ErrorKind::Query, error.to_string()))
}
