//! Every view of the layer `segments` into `segments.segment_members`.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use cdp_lake::{Catalog, Result, Staged};
use cdp_plan::{AsOfDate, Task};

use super::{Done, date_sql};

/// The columns of `segments.segment_members`.
pub(super) fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let date = |name: &str| Field::new(name, DataType::Date32, true);
    Arc::new(Schema::new(vec![
        text("segment"),
        text("profile_id"),
        date("member_since"),
        date("as_of_date"),
    ]))
}

pub(super) async fn run(
    catalog: &Catalog,
    task: &Task,
    previous: Option<AsOfDate>,
) -> Result<Done> {
    let manifest = catalog.tables().manifest();
    let members: Vec<String> = manifest
        .reads(&task.name)
        .iter()
        .map(|segment| {
            let name = segment.name();
            format!("select distinct '{name}' as segment, profile_id from {segment}")
        })
        .collect();
    if members.is_empty() {
        return Ok(Staged::from_batches(schema(), Vec::new())?.into());
    }
    let date = date_sql(Some(task.as_of_date));
    let previous = date_sql(previous);
    let past = &task.name;
    let query = format!(
        "with members as ({members}),
         previous as (
             select segment, profile_id, member_since from {past}
             where as_of_date = {previous}
         )
         select members.segment, members.profile_id,
                coalesce(previous.member_since, {date}) as member_since,
                {date} as as_of_date
         from members
         left join previous
             on previous.segment = members.segment and previous.profile_id = members.profile_id",
        members = members.join(" union all "),
    );
    Ok(catalog.stage_sql(&query).await?.into())
}
