//! Is the profile map what resolving everything from the beginning gives, and what is told of it?

mod beside;

use std::sync::Arc;

use cdp_identity::{MapRow, ProfileMap, Resolver};
use cdp_lake::{Catalog, ErrorKind, LakeError, RunTables};
use cdp_plan::{AsOfDate, TableName};
use serde::Serialize;

use crate::explain::{AskError, MAP};
use crate::ledger;
use crate::log::{self, LogEntry};
use crate::matrix::{bools, days, micros, texts, whole_numbers};
use crate::project::Project;
use crate::steps::{date_sql, identity::read};

const EVIDENCE: &str = "identity.evidence";
/// So many differences are named.
const NAMED: usize = 20;

/// How the profile map of a date, with the violations and figures of its run, differs from what is made
/// from the beginning.
#[derive(Debug, Serialize)]
pub struct Verification {
    /// The date.
    pub as_of_date: AsOfDate,
    /// The dates whose evidence makes up the map, newest first.
    pub built_from: Vec<AsOfDate>,
    /// The identifiers of the map.
    pub identifiers: u64,
    /// How many rows differ.
    pub different: u64,
    /// Some of them.
    pub differences: Vec<Difference>,
}

/// A row that differs.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Its table.
    pub table: String,
    /// Which: an identifier, the id of a violation, a figure with its item.
    pub row: String,
    /// What differs.
    pub column: &'static str,
    /// What the table says; nothing when it has no such row.
    pub stored: Option<String>,
    /// What comes out from the beginning; nothing when no such row does.
    pub from_scratch: Option<String>,
}

impl Project {
    /// Resolves everything that a date knew, at the versions of the sources that its run read, and
    /// compares with its profile map. How often something was seen is not compared: a row that was
    /// delivered twice, to two runs, counts twice there.
    pub async fn verify_identity(&self, as_of: Option<AsOfDate>) -> Result<Verification, AskError> {
        let dates = self.map_dates(as_of, MAP).await?;
        let (date, evidence) = (dates.as_of, name(EVIDENCE)?);
        let logs = log::read(self).await?;
        let (Some(entry), Some(built_from)) =
            (logs.entry(&evidence, date), logs.chain(&evidence, date))
        else {
            return Err(not_whole(date).into());
        };
        let tables = self.tables()?;
        self.pin(&tables, entry, date).await?;
        let values = self.values(&dates.into());
        let known = logs.known(self.manifest(), Some(date));
        let whole = Catalog::new(tables, Some(date), values)?.with_known(known);
        let whole = whole.with_logs_anew();
        let previous = read::previous_map(&whole, dates.previous).await?;
        let overrides = read::overrides(&whole).await?;
        let evidence = read::evidence(&whole).await?;
        let resolver = Resolver::new(&self.config().identity, date.epoch_day());
        let scratch = resolver.overrides(&overrides).resolve(evidence, &previous);
        drop(previous);
        let mut found = Verification {
            as_of_date: date,
            built_from,
            identifiers: 0,
            different: 0,
            differences: Vec::new(),
        };
        self.compare(&whole, &scratch, &mut found).await?;
        self.compare_beside(&whole, &logs, &scratch, &mut found)
            .await?;
        Ok(found)
    }

    /// Every source at the version that the run of a date read: for evidence those of its partition,
    /// for overrides those of the map.
    async fn pin(
        &self,
        tables: &Arc<RunTables>,
        entry: &LogEntry,
        date: AsOfDate,
    ) -> Result<(), LakeError> {
        let map = ledger::made(self, &[date]).await?;
        let map = map.get(&(MAP.to_owned(), date));
        for name in self.manifest().inputs(&name(MAP)?) {
            let of_map = map.and_then(|made| made.input_versions.get(&name.to_string()));
            if let Some(source) = self.manifest().source(&name) {
                tables.pin(source, of_map.copied()).await?;
            }
        }
        for (name, version) in &entry.versions {
            if let Some(source) = self.manifest().source(name) {
                tables.pin(source, Some(*version)).await?;
            }
        }
        Ok(())
    }

    async fn compare(
        &self,
        catalog: &Catalog,
        scratch: &ProfileMap,
        found: &mut Verification,
    ) -> Result<(), LakeError> {
        let mut met = vec![false; scratch.len()];
        let place_of = |identifier: &str| scratch.place(identifier);
        let query = format!(
            "select identifier, profile_id, profile_since, effective_at, first_seen_at, \
             last_seen_at, is_ambiguous, is_quarantined, component_id from {MAP} \
             where as_of_date = {}",
            date_sql(Some(found.as_of_date))
        );
        for batch in catalog.batches(&query).await? {
            let stored = Stored::read(&batch)?;
            found.identifiers += batch.num_rows() as u64;
            for row in 0..batch.num_rows() {
                let identifier = stored.identifiers.value(row);
                let place = place_of(identifier);
                let other = place.map(|place| scratch.row(place));
                if let Some(place) = place {
                    met[place] = true;
                }
                let other = other.filter(|other| !other.is_blocked);
                found.note(MAP, identifier, stored.difference(row, other));
            }
        }
        let rows = scratch.iter().zip(met);
        for (row, _) in rows.filter(|(row, met)| !met && !row.is_blocked) {
            let here = Some(row.profile_id.to_owned());
            found.note(MAP, row.identifier, Some(("profile_id", None, here)));
        }
        Ok(())
    }
}

/// The column that differs, what is stored, and what comes out from the beginning.
type Differs = (&'static str, Option<String>, Option<String>);

impl Verification {
    fn note(&mut self, table: &str, row: &str, differs: Option<Differs>) {
        let Some((column, stored, from_scratch)) = differs else {
            return;
        };
        self.different += 1;
        if self.differences.len() < NAMED {
            self.differences.push(Difference {
                table: table.to_owned(),
                row: row.to_owned(),
                column,
                stored,
                from_scratch,
            });
        }
    }
}

/// Some rows of the map.
struct Stored {
    identifiers: arrow::array::StringArray,
    profiles: arrow::array::StringArray,
    numbers: [(&'static str, Vec<i64>); 7],
}

impl Stored {
    fn read(batch: &arrow::array::RecordBatch) -> Result<Self, LakeError> {
        let dates = |name: &'static str| -> Result<_, LakeError> {
            Ok((
                name,
                days(batch, name)?.into_iter().map(i64::from).collect(),
            ))
        };
        let times =
            |name: &'static str| -> Result<_, LakeError> { Ok((name, micros(batch, name)?)) };
        let flags = |name: &'static str| -> Result<_, LakeError> {
            Ok((
                name,
                bools(batch, name)?.into_iter().map(i64::from).collect(),
            ))
        };
        let components = whole_numbers(batch, "component_id")?;
        Ok(Self {
            identifiers: texts(batch, "identifier")?,
            profiles: texts(batch, "profile_id")?,
            numbers: [
                dates("profile_since")?,
                dates("effective_at")?,
                times("first_seen_at")?,
                times("last_seen_at")?,
                flags("is_ambiguous")?,
                flags("is_quarantined")?,
                ("component_id", components.values().to_vec()),
            ],
        })
    }

    fn difference(&self, row: usize, other: Option<MapRow<'_>>) -> Option<Differs> {
        let profile = self.profiles.value(row);
        let Some(other) = other else {
            return Some(("profile_id", Some(profile.to_owned()), None));
        };
        if other.profile_id != profile {
            let there = Some(other.profile_id.to_owned());
            return Some(("profile_id", Some(profile.to_owned()), there));
        }
        let others = [
            i64::from(other.profile_since),
            i64::from(other.effective_at),
            other.first_seen,
            other.last_seen,
            i64::from(other.is_ambiguous),
            i64::from(other.is_quarantined),
            other.component_id,
        ];
        let mut pairs = self.numbers.iter().zip(others);
        let ((column, stored), from_scratch) =
            pairs.find(|((_, stored), other)| stored[row] != *other)?;
        let text = |number: i64| Some(number.to_string());
        Some((column, text(stored[row]), text(from_scratch)))
    }
}

fn name(text: &str) -> Result<TableName, LakeError> {
    text.parse()
        .map_err(|error| LakeError::new(ErrorKind::NotFound, format!("{error}")))
}

fn not_whole(date: AsOfDate) -> LakeError {
    LakeError::new(
        ErrorKind::NotFound,
        format!("{EVIDENCE} of {date} builds on an earlier date that was made again since"),
    )
    .hint(format!("`cdp-jobs run --as-of {date}` makes it again too"))
}
