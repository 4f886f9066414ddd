//! Records and weights into `identity.linked_records`: pairs that are likely one.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use cdp_lake::{Result, Staged};

use super::accept::ACCEPTED;
use super::model::serving;
use super::score::SCORED;
use super::{Linking, ROWS};
use crate::steps::{Asked, Done, date_sql};

/// The columns of `identity.linked_records`.
pub(in crate::steps) fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let number = |name: &str| Field::new(name, DataType::Float64, true);
    let micros = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        text("left_identifier"),
        text("right_identifier"),
        text("left_source"),
        text("right_source"),
        Field::new("seen_at", micros, true),
        number("match_weight"),
        number("match_probability"),
        text("purpose"),
        Field::new("is_accepted", DataType::Boolean, true),
        text("evidence"),
        text("model_id"),
        Field::new("as_of_date", DataType::Date32, true),
    ]))
}

pub(in crate::steps) async fn run(asked: &Asked<'_>) -> Result<Done> {
    let (config, date) = (&asked.config.linkage, asked.task.as_of_date);
    if !config.is_enabled() {
        return Ok(Staged::from_batches(schema(), Vec::new())?.into());
    }
    let Some((model_id, model)) = serving(asked.catalog, config, date).await? else {
        return Ok(Done {
            staged: Staged::from_batches(schema(), Vec::new())?,
            note: Some("there are no weights yet".to_owned()),
            named: Vec::new(),
        });
    };
    let linking = Linking::begin(asked.catalog, config).await?;
    let pairs = linking.compare().await?;
    linking.score(&model).await?;
    let (accepted, refused) = linking.accept(&model).await?;
    let staged = asked
        .catalog
        .stage_sql(&rows_query(&model_id, &date_sql(Some(date))))
        .await?;
    let around = match refused {
        0 => String::new(),
        refused => format!(", {refused} refused by the records around them"),
    };
    Ok(Done {
        staged,
        note: Some(format!("{accepted} of {pairs} pairs accepted{around}")),
        named: Vec::new(),
    })
}

/// The pairs by identifiers; of several records of two identifiers the best pair.
fn rows_query(model_id: &str, date: &str) -> String {
    format!(
        "with named as (\
         select least(l.record_identifier, r.record_identifier) as left_identifier, \
         greatest(l.record_identifier, r.record_identifier) as right_identifier, \
         case when l.record_identifier < r.record_identifier then l.source else r.source end \
         as left_source, \
         case when l.record_identifier < r.record_identifier then r.source else l.source end \
         as right_source, \
         greatest(l.seen_at, r.seen_at) as seen_at, s.match_weight, s.match_probability, \
         a.left_place is not null as is_accepted, s.evidence \
         from {SCORED} as s inner join {ROWS} as l on l.place = s.left_place \
         inner join {ROWS} as r on r.place = s.right_place \
         left join {ACCEPTED} as a on a.left_place = s.left_place \
         and a.right_place = s.right_place \
         where l.record_identifier <> r.record_identifier), \
         best as (select *, row_number() over (partition by left_identifier, right_identifier \
         order by is_accepted desc, match_weight desc, seen_at, left_source, right_source, \
         evidence) as rank from named) \
         select left_identifier, right_identifier, left_source, right_source, seen_at, \
         match_weight, match_probability, linkage_purpose(match_probability) as purpose, \
         is_accepted, evidence, '{model_id}' as model_id, cast({date} as date) as as_of_date \
         from best where rank = 1"
    )
}
