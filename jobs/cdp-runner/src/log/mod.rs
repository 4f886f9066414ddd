//! Tables that hold what is known in pieces, `log` and `incremental`: which earlier date one builds on,
//! and which of its partitions make up what a date knows.

mod base;
mod entries;

use std::collections::BTreeMap;

use cdp_lake::{Catalog, Chains, ErrorKind, Known, LakeError, Link};
use cdp_plan::{AsOfDate, Layer, Manifest, Materialization, Model, Source, SourceFile, TableName};
use serde::Serialize;

pub(crate) use base::{Base, base};
pub(crate) use entries::read;

use crate::fingerprint::sha256;
use crate::project::{Project, any_date};
use crate::record::TaskRecord;
use crate::run_context::RunContext;

/// The partition that another one builds on, as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BuildsOn {
    /// Its date.
    pub as_of_date: AsOfDate,
    /// Its fingerprint.
    pub fingerprint: String,
}

/// A partition as the ledger knows it.
#[derive(Debug, Clone)]
pub(crate) struct LogEntry {
    pub(crate) run_id: String,
    pub(crate) fingerprint: String,
    /// The SHA-256 of what made it, dates left out.
    pub(crate) definition: String,
    /// The versions of the tables that it read.
    pub(crate) versions: BTreeMap<TableName, u64>,
    /// The version of its table with it.
    pub(crate) output_version: Option<u64>,
    /// Without one it holds all that was known.
    pub(crate) builds_on: Option<BuildsOn>,
}

/// The partitions of every table that is followed, each time they were made; the newest come last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Logs(BTreeMap<TableName, BTreeMap<AsOfDate, Vec<LogEntry>>>);

impl Logs {
    pub(crate) fn insert(&mut self, table: TableName, date: AsOfDate, entry: LogEntry) {
        let dates = self.0.entry(table).or_default();
        dates.entry(date).or_default().push(entry);
    }

    /// Takes in a partition that was just made.
    pub(crate) fn made(&mut self, table: &TableName, record: &TaskRecord) {
        let versions = record.input_versions.iter();
        let entry = LogEntry {
            run_id: record.run_id.clone(),
            fingerprint: record.fingerprint.clone(),
            definition: record.sql_sha256.clone(),
            versions: versions
                .filter_map(|(name, version)| Some((name.parse().ok()?, *version)))
                .collect(),
            output_version: record.output_version,
            builds_on: record.builds_on.clone(),
        };
        self.insert(table.clone(), record.as_of_date, entry);
    }

    /// The partition of a date.
    pub(crate) fn entry(&self, table: &TableName, date: AsOfDate) -> Option<&LogEntry> {
        self.0.get(table)?.get(&date)?.last()
    }

    /// The dates whose partitions make up what a date of a log knows, newest first. `None` when the
    /// date was not made, or one that it builds on was made anew since.
    pub(crate) fn chain(&self, table: &TableName, date: AsOfDate) -> Option<Vec<AsOfDate>> {
        let links = self.links(table, date)?;
        let is_whole = links.iter().all(|link| link.version.is_none());
        is_whole.then(|| links.iter().map(|link| link.as_of_date).collect())
    }

    /// The partitions that a date is made of, newest first. One that was made anew since is read as it
    /// was.
    pub(crate) fn links(&self, table: &TableName, date: AsOfDate) -> Option<Vec<Link>> {
        let dates = self.0.get(table)?;
        let mut entry = dates.get(&date)?.last()?;
        let mut links = vec![Link {
            as_of_date: date,
            version: None,
        }];
        while let Some(below) = &entry.builds_on {
            let entries = dates.get(&below.as_of_date)?;
            let is_it = |entry: &LogEntry| entry.fingerprint == below.fingerprint;
            let place = entries.iter().rposition(is_it)?;
            entry = &entries[place];
            let is_newest = place + 1 == entries.len();
            links.push(Link {
                as_of_date: below.as_of_date,
                version: if is_newest {
                    None
                } else {
                    Some(entry.output_version?)
                },
            });
        }
        Some(links)
    }

    /// What makes up what is known before a date; of logs nothing without one.
    pub(crate) fn known(&self, manifest: &Manifest, date: Option<AsOfDate>) -> Known {
        let mut known = Known::default();
        for (table, dates) in &self.0 {
            let kept = kept(manifest, table);
            if kept == Some(Materialization::Log)
                && let Some(chain) = date.and_then(|date| self.chain(table, date))
            {
                known.logs.insert(table.clone(), chain);
            }
            if kept == Some(Materialization::Incremental) {
                let chains = dates.keys().map(|date| (*date, self.links(table, *date)));
                let chains: Chains = chains
                    .filter_map(|(date, links)| Some((date, links?)))
                    .collect();
                known.snapshots.insert(table.clone(), chains);
            }
        }
        known
    }

    /// The latest earlier date that a new partition can build on: made by the same definition, and
    /// whole.
    pub(crate) fn base(
        &self,
        table: &TableName,
        date: AsOfDate,
        definition: &str,
    ) -> Option<(AsOfDate, &LogEntry)> {
        let earlier = self.0.get(table)?.range(..date).rev();
        earlier
            .filter_map(|(date, entries)| Some((*date, entries.last()?)))
            .find(|(date, entry)| {
                entry.definition == definition && self.chain(table, *date).is_some()
            })
    }
}

/// The SHA-256 of all that decides what a row says: its query or step with all that it inlines, what
/// identifiers are, and the sources. No date is in it.
pub(crate) fn definition(
    project: &Project,
    model: &Model,
    program_version: &str,
) -> Result<String, LakeError> {
    let manifest = project.manifest();
    let mut parts = vec![
        program_version.to_owned(),
        project.config().identity_text.clone(),
        undated(project, model)?,
    ];
    parts.extend(model.step().map(|step| step.name().to_owned()));
    for name in manifest.inlined(&model.name) {
        if let Some(model) = manifest.model(&name) {
            parts.push(undated(project, model)?);
        }
    }
    for source in sources(project, model) {
        // Where the project lies says nothing of a row.
        let file = SourceFile::new(source.name.to_string(), "");
        let source = Source {
            file,
            ..source.clone()
        };
        parts.push(format!("{source:?}"));
    }
    Ok(sha256(&parts.join("\n")))
}

/// A query, bound for the same date whatever the date.
fn undated(project: &Project, model: &Model) -> Result<String, LakeError> {
    let mut values = model.param_values();
    let supplied = project.values(&any_date().into());
    values.extend(supplied.of(&model.definition).clone());
    let bound = model.statement().map(|query| query.bind(&values));
    let bound = bound.transpose();
    let bound = bound.map_err(|message| LakeError::new(ErrorKind::Query, message))?;
    Ok(bound.map(|query| query.to_string()).unwrap_or_default())
}

fn sources<'p>(project: &'p Project, model: &Model) -> Vec<&'p Source> {
    let manifest = project.manifest();
    let inputs = manifest.inputs(&model.name);
    inputs
        .iter()
        .filter_map(|name| manifest.source(name))
        .collect()
}

/// Shows the catalog only what is new since the latest date that the partition can build on, and
/// notes which. Everything is shown when there is none, when a source did more than grow, and when
/// all is to be read again.
pub(crate) async fn since_base(
    context: &RunContext<'_>,
    model: &Model,
    catalog: Catalog,
    record: &mut TaskRecord,
) -> Result<Catalog, LakeError> {
    let logs = &context.logs;
    let base = logs.base(&model.name, record.as_of_date, &record.sql_sha256);
    let Some((date, entry)) = base.filter(|_| !context.settings.full_refresh) else {
        return Ok(catalog);
    };
    let sources = sources(context.project, model);
    let since = context.tables.since(date, &sources, &entry.versions);
    let Some(since) = since.await? else {
        record.note = Some("a source was rewritten, so all of it was read again".to_owned());
        return Ok(catalog);
    };
    record.builds_on = Some(BuildsOn {
        as_of_date: date,
        fingerprint: entry.fingerprint.clone(),
    });
    Ok(catalog.since(since))
}

/// The versions of all sources of a log, whoever opened them in this run: the next partition begins
/// where this one ended.
pub(crate) async fn versions(
    context: &RunContext<'_>,
    model: &Model,
) -> Result<BTreeMap<String, u64>, LakeError> {
    let mut versions = BTreeMap::new();
    for source in sources(context.project, model) {
        let table = context.tables.source(source).await?;
        if let Some(version) = table.and_then(|table| table.version()) {
            versions.insert(source.name.to_string(), version);
        }
    }
    Ok(versions)
}

fn kept(manifest: &Manifest, table: &TableName) -> Option<Materialization> {
    manifest.model(table).map(|model| model.materialization)
}

fn is_log(manifest: &Manifest, table: &TableName) -> bool {
    kept(manifest, table) == Some(Materialization::Log)
}

/// The tables whose partitions are followed: those that build on each other, and those that go with
/// the map of profiles.
pub(crate) fn tables(project: &Project) -> impl Iterator<Item = &TableName> {
    let models = project.manifest().models();
    models
        .filter(|model| match model.materialization {
            Materialization::Log | Materialization::Incremental => true,
            kept => kept.is_dated() && model.name.layer() == Layer::Identity,
        })
        .map(|model| &model.name)
}
