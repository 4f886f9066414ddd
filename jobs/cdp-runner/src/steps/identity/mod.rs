//! Evidence, overrides and the previous map into who is who, and what of it becomes a table.

mod changes;
mod counting;
mod evidence;
mod figures;
mod increment;
mod map;
pub(crate) mod read;
mod stored;
mod violations;

use std::collections::BTreeMap;
use std::sync::Arc;

use cdp_identity::{PreviousMap, ProfileMap, Resolver};
use cdp_lake::Result;
use cdp_plan::{AsOfDate, TableName};
use tokio::sync::Mutex;

pub(super) use changes::{run as list_changes, schema as changes_schema};
pub(crate) use figures::{LIST_KEPT, figures as figures_of};
pub(super) use figures::{run as identity_figures, schema as figures_schema};
pub(super) use map::{run as resolve_identities, schema as map_schema};
pub(crate) use violations::batch as violations_batch;
pub(super) use violations::{run as list_violations, schema as violations_schema};

use self::increment::Increment;
use super::Asked;

/// Who is who, and who was who before.
#[derive(Debug)]
struct Resolution {
    map: Arc<ProfileMap>,
    previous: PreviousMap,
    /// When it is of what is concerned only.
    increment: Option<Increment>,
    /// Why it is of everything, where a part might have done.
    note: Option<String>,
    /// The tables that it was made from.
    versions: BTreeMap<TableName, u64>,
}

/// The last resolution, which several steps of a run ask for. A run reads every source at one
/// version, so equal dates mean an equal resolution.
#[derive(Debug, Default)]
pub(crate) struct Resolutions(Mutex<Option<(Dates, Arc<Resolution>)>>);

/// The date that is resolved, and that of the map of before.
type Dates = (AsOfDate, Option<AsOfDate>);

impl Resolutions {
    /// Gives the memory back.
    pub(crate) async fn forget(&self) {
        give_back(self.0.lock().await.take());
    }
}

impl Drop for Resolutions {
    fn drop(&mut self) {
        give_back(self.0.get_mut().take());
    }
}

/// Millions of texts take a while to give back, for which nobody waits.
fn give_back<T: Send + 'static>(last: Option<T>) {
    if last.is_some() {
        std::thread::spawn(move || drop(last));
    }
}

impl Asked<'_> {
    /// Who is who on the date, of what is concerned since the map of before if that will do.
    async fn resolution(&self) -> Result<Arc<Resolution>> {
        let mut last = self.resolutions.0.lock().await;
        if let Some((dates, resolution)) = &*last
            && *dates == self.dates()
        {
            self.catalog.has_read(&resolution.versions).await;
            return Ok(resolution.clone());
        }
        *last = None;
        let part = match &self.base {
            Ok(base) => increment::resolve(self, base).await?,
            Err(why) => Err(why.clone()),
        };
        let resolution = match part {
            Ok((map, previous, increment)) => Resolution {
                map,
                previous,
                increment: Some(increment),
                note: None,
                versions: self.catalog.versions().await,
            },
            Err(why) => self.whole(why).await?,
        };
        let resolution = Arc::new(resolution);
        *last = Some((self.dates(), resolution.clone()));
        Ok(resolution)
    }

    /// Who is who, of everybody, when a part did not do; for the steps that follow too.
    async fn whole_resolution(&self, why: &str) -> Result<Arc<Resolution>> {
        let mut last = self.resolutions.0.lock().await;
        *last = None;
        let resolution = Arc::new(self.whole(why.to_owned()).await?);
        *last = Some((self.dates(), resolution.clone()));
        Ok(resolution)
    }

    fn dates(&self) -> Dates {
        (self.task.as_of_date, self.previous)
    }

    async fn whole(&self, why: String) -> Result<Resolution> {
        let &Self {
            config,
            catalog,
            task,
            previous,
            ..
        } = self;
        let overrides = read::overrides(catalog).await?;
        let evidence = read::evidence(catalog).await?;
        let mut previous = read::previous_map(catalog, previous).await?;
        let resolver = Resolver::new(&config.identity, task.as_of_date.epoch_day());
        let map = resolver.overrides(&overrides).resolve(evidence, &previous);
        previous.forget_identifiers();
        let note = self
            .previous
            .map(|_| format!("everything was resolved: {why}"));
        Ok(Resolution {
            map: Arc::new(map),
            previous,
            increment: None,
            note,
            versions: catalog.versions().await,
        })
    }
}
