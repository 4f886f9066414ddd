//! What resolving identities can begin with: the map of an earlier date, when it is what everything
//! that was known then gives, by the rules of today.

use std::collections::BTreeMap;

use cdp_lake::{LakeError, Link};
use cdp_plan::{AsOfDate, Layer, Model, Step, TableName, Task};

use super::{BuildsOn, LogEntry, definition};
use crate::run_context::RunContext;

/// A map is written whole when so many dates build on each other.
const LINKS_MAX: usize = 30;
/// Or when the rows that changed are together more than one in so many of the whole map.
const CHANGED_SHARE: u64 = 4;

/// A map to begin with.
#[derive(Debug, Clone)]
pub(crate) struct Base {
    /// Its model.
    pub(crate) map: TableName,
    /// Its partition.
    pub(crate) builds_on: BuildsOn,
    /// The date of the whole map that it builds on, or its own.
    pub(crate) whole_date: AsOfDate,
    /// How many identifiers it holds.
    pub(crate) identifiers: u64,
    /// The partitions of evidence that it does not know.
    pub(crate) new_evidence: Vec<AsOfDate>,
    /// The versions of the sources that it was made from; none where one was absent.
    pub(crate) sources: BTreeMap<TableName, Option<u64>>,
    /// The figures of its date, if they were made with it.
    pub(crate) figures: Option<TableName>,
    /// The violations of its date.
    pub(crate) violations: TableName,
}

impl Base {
    /// The date of the map.
    pub(crate) fn date(&self) -> AsOfDate {
        self.builds_on.as_of_date
    }
}

/// The map that a task can begin with, or why there is none.
pub(crate) async fn base(
    context: &RunContext<'_>,
    task: &Task,
) -> Result<Result<Base, String>, LakeError> {
    let Some(date) = context.previous_date(task) else {
        return Ok(Err("it is the first map".to_owned()));
    };
    if context.settings.full_refresh {
        return Ok(Err("everything was asked for".to_owned()));
    }
    let search = Search {
        context,
        date,
        as_of_date: task.as_of_date,
    };
    Ok(match search.base()? {
        Err(why) => Err(why),
        Ok((base, links)) => match search.is_short(&base.map, &links).await? {
            Err(why) => Err(why),
            Ok(()) => Ok(base),
        },
    })
}

struct Search<'c> {
    context: &'c RunContext<'c>,
    /// The date of the map of before.
    date: AsOfDate,
    as_of_date: AsOfDate,
}

impl Search<'_> {
    fn base(&self) -> Result<Result<(Base, Vec<Link>), String>, LakeError> {
        let Self { context, date, .. } = *self;
        let model = |step| self.with_step(step);
        let (Some(map), Some(violations)) = (
            model(Step::ResolveIdentities),
            model(Step::ListViolations).map(|model| &model.name),
        ) else {
            return Ok(Err("the project lists no violations".to_owned()));
        };
        let logs = &context.logs;
        let known = logs.entry(&map.name, date).zip(logs.links(&map.name, date));
        let Some((entry, links)) = known else {
            return Ok(Err(format!("the map of {date} is not known")));
        };
        let settings = context.settings;
        if entry.definition != definition(context.project, map, &settings.program_version)? {
            let why = format!("rules, sources or the program changed since {date}");
            return Ok(Err(why));
        }
        let is_with = |name: &TableName| {
            let other = logs.entry(name, date);
            other.is_some_and(|other| other.run_id == entry.run_id)
        };
        if !is_with(violations) {
            return Ok(Err(format!(
                "violations of {date} were not listed with its map"
            )));
        }
        let new_evidence = match self.new_evidence(map, entry) {
            Ok(dates) => dates,
            Err(why) => return Ok(Err(why)),
        };
        let figures = model(Step::IdentityFigures).map(|model| &model.name);
        let key = (map.name.to_string(), date);
        let published = context.published.get(&key);
        let base = Base {
            map: map.name.clone(),
            builds_on: BuildsOn {
                as_of_date: date,
                fingerprint: entry.fingerprint.clone(),
            },
            whole_date: links.last().map_or(date, |link| link.as_of_date),
            identifiers: published.map_or(0, |(_, rows)| *rows),
            new_evidence,
            sources: self.sources(map, entry),
            figures: figures.filter(|name| is_with(name)).cloned(),
            violations: violations.clone(),
        };
        Ok(Ok((base, links)))
    }

    fn with_step(&self, step: Step) -> Option<&Model> {
        let mut models = self.context.project.manifest().models();
        models.find(|model| model.step() == Some(step))
    }

    /// The partitions of evidence that the map does not know. All tables that it was made from must
    /// be as they were then.
    fn new_evidence(&self, map: &Model, entry: &LogEntry) -> Result<Vec<AsOfDate>, String> {
        let (logs, date) = (&self.context.logs, self.date);
        let manifest = self.context.project.manifest();
        let mut new = Vec::new();
        for name in manifest.inputs(&map.name) {
            if name.layer() == Layer::Raw {
                continue;
            }
            let again = || format!("{name} of {date} was made again since its map");
            let chain = logs.chain(&name, date).ok_or_else(again)?;
            let read = entry.versions.get(&name).ok_or_else(again)?;
            let stands = |date: &AsOfDate| {
                let made = logs
                    .entry(&name, *date)
                    .and_then(|made| made.output_version);
                made.is_some_and(|made| made <= *read)
            };
            if !chain.iter().all(stands) {
                return Err(again());
            }
            let is_log = super::is_log(manifest, &name);
            let all = logs.chain(&name, self.as_of_date).filter(|_| is_log);
            if let Some(all) = all {
                let known = all.iter().position(|one| *one == date);
                let builds = || format!("{name} does not build on that of {date}");
                new.extend(&all[..known.ok_or_else(builds)?]);
            }
        }
        Ok(new)
    }

    fn sources(&self, map: &Model, entry: &LogEntry) -> BTreeMap<TableName, Option<u64>> {
        let inputs = self.context.project.manifest().inputs(&map.name);
        let sources = inputs.into_iter().filter(|name| name.layer() == Layer::Raw);
        sources
            .map(|name| {
                let version = entry.versions.get(&name).copied();
                (name, version)
            })
            .collect()
    }

    /// Whether another date may build on these: they are as they were made, not too many, and no later
    /// date is there, so that dates build on each other in one line.
    async fn is_short(
        &self,
        map: &TableName,
        links: &[Link],
    ) -> Result<Result<(), String>, LakeError> {
        let dates = self.context.project.lake().partition_rows(map).await?;
        if dates.range(self.as_of_date.next()..).next().is_some() {
            return Ok(Err("a later date has a map".to_owned()));
        }
        if let Some(link) = links.iter().find(|link| link.version.is_some()) {
            let why = format!("the map of {} was made again since", link.as_of_date);
            return Ok(Err(why));
        }
        let rows = |link: &Link| dates.get(&link.as_of_date).copied().unwrap_or(0);
        let Some((whole, changes)) = links.split_last() else {
            return Ok(Ok(()));
        };
        let differing: u64 = changes.iter().map(rows).sum();
        let is_long = links.len() >= LINKS_MAX || differing * CHANGED_SHARE > rows(whole);
        Ok(if is_long {
            Err(format!(
                "much has changed since the whole map of {}",
                whole.as_of_date
            ))
        } else {
            Ok(())
        })
    }
}
