//! `ops.model_aliases`, read and appended to.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Date32Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use cdp_lake::{ErrorKind, LakeError, Provenance, Result, Staged, append_rows};
use cdp_plan::{AsOfDate, Definition};
use chrono::DateTime;

use super::{Action, Alias, AliasRow};
use crate::matrix::{column, days, micros, one_batch, strings, texts};
use crate::overrides::table::name;
use crate::project::Project;

/// The table's name.
const ALIASES: &str = "ops.model_aliases";
/// How often an append begins again when another writer came first.
const ATTEMPTS: u32 = 5;

fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        text("alias"),
        text("model_id"),
        Field::new("as_of_date", DataType::Date32, true),
        Field::new("set_at", time, true),
        text("action"),
        text("author"),
        text("reason"),
        text("run_id"),
        text("input_versions"),
        text("evidence"),
        text("program_version"),
        text("definition"),
    ]))
}

/// All moves, in the order in which they hold.
pub(super) async fn read(project: &Project) -> Result<Vec<AliasRow>> {
    let url = project.lake().url(&name(ALIASES)?)?;
    if project.lake().open(&url).await?.is_none() {
        return Ok(Vec::new());
    }
    let query = format!("select * from {ALIASES} order by as_of_date, set_at, alias");
    let batch = one_batch(&project.query(&query, None, None).await?)?;
    let text = |name| strings(&batch, name);
    let (aliases, ids) = (text("alias")?, text("model_id")?);
    let (dates, times) = (days(&batch, "as_of_date")?, micros(&batch, "set_at")?);
    let (actions, authors) = (text("action")?, texts(&batch, "author")?);
    let (reasons, runs) = (text("reason")?, text("run_id")?);
    let (versions, evidence) = (text("input_versions")?, text("evidence")?);
    let programs = text("program_version")?;
    // Older versions knew one definition.
    let definitions = match column(&batch, "definition") {
        Ok(_) => Some(texts(&batch, "definition")?),
        Err(_) => None,
    };
    let definition = |row: usize| {
        let named = definitions.as_ref().filter(|all| all.is_valid(row));
        named.map_or(Definition::MAIN, |all| Definition::named(all.value(row)))
    };
    let json = |text: &str| serde_json::from_str(text).unwrap_or_default();
    let row = |row: usize| -> Option<AliasRow> {
        let alias = Alias::ALL.into_iter();
        let action = Action::ALL.into_iter();
        Some(AliasRow {
            alias: alias.clone().find(|one| one.as_str() == aliases[row])?,
            definition: definition(row),
            model_id: ids[row].clone(),
            as_of_date: AsOfDate::from_epoch_day(dates[row])?,
            set_at: DateTime::from_timestamp_micros(times[row])?,
            action: action.clone().find(|one| one.as_str() == actions[row])?,
            author: authors.is_valid(row).then(|| authors.value(row).to_owned()),
            reason: reasons[row].clone(),
            run_id: runs[row].clone(),
            input_versions: json(&versions[row]),
            evidence: json(&evidence[row]),
            program_version: programs[row].clone(),
        })
    };
    let unknown = |number: usize| {
        let message = format!("row {number} of `{ALIASES}` can't be read");
        LakeError::new(ErrorKind::Schema, message)
            .hint("was it written by a newer version of the program?")
    };
    let rows = 0..batch.num_rows();
    rows.map(|number| row(number).ok_or_else(|| unknown(number)))
        .collect()
}

/// Adds moves, in one commit. Other writers append too, so one that came second is made again.
pub(super) async fn append(project: &Project, rows: &[AliasRow]) -> Result<()> {
    let Some(first) = rows.first() else {
        return Ok(());
    };
    let provenance = Provenance {
        run_id: first.run_id.clone(),
        program_version: first.program_version.clone(),
        ..Provenance::default()
    };
    let staged = Staged::from_batches(schema(), vec![batch(rows)?])?;
    let lake = project.lake();
    let url = lake.url(&name(ALIASES)?)?;
    let mut attempt = 1;
    loop {
        match append_rows(lake, &url, &staged, &provenance).await {
            Err(error) if error.retryable() && attempt < ATTEMPTS => {
                tokio::time::sleep(crate::task::pause(attempt, &first.run_id)).await;
                attempt += 1;
            }
            other => return other.map(|_| ()),
        }
    }
}

fn batch(rows: &[AliasRow]) -> Result<RecordBatch> {
    let text = |of: &dyn Fn(&AliasRow) -> Option<String>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<StringArray>())
    };
    let dates = rows.iter().map(|row| Some(row.as_of_date.epoch_day()));
    let times = rows.iter().map(|row| Some(row.set_at.timestamp_micros()));
    let times = times.collect::<TimestampMicrosecondArray>();
    let columns: Vec<ArrayRef> = vec![
        text(&|row| Some(row.alias.as_str().to_owned())),
        text(&|row| Some(row.model_id.clone())),
        Arc::new(dates.collect::<Date32Array>()),
        Arc::new(times.with_timezone("UTC")),
        text(&|row| Some(row.action.as_str().to_owned())),
        text(&|row| row.author.clone()),
        text(&|row| Some(row.reason.clone())),
        text(&|row| Some(row.run_id.clone())),
        text(&|row| Some(row.input_versions.to_string())),
        text(&|row| Some(row.evidence.to_string())),
        text(&|row| Some(row.program_version.clone())),
        text(&|row| row.definition.name().map(str::to_owned)),
    ];
    Ok(RecordBatch::try_new(schema(), columns)?)
}
