//! Evidence, overrides and the previous map into who is who, and what of it becomes a table.

mod changes;
mod figures;
mod map;
pub(crate) mod read;
mod violations;

use std::collections::BTreeMap;
use std::sync::Arc;

use cdp_identity::{PreviousMap, ProfileMap, Resolver};
use cdp_lake::Result;
use cdp_plan::{AsOfDate, TableName};
use tokio::sync::Mutex;

pub(super) use changes::{run as list_changes, schema as changes_schema};
pub(super) use figures::{run as identity_figures, schema as figures_schema};
pub(super) use map::{run as resolve_identities, schema as map_schema};
pub(super) use violations::{run as list_violations, schema as violations_schema};

use super::Asked;

/// Who is who, and who was who before.
#[derive(Debug)]
struct Resolution {
    map: ProfileMap,
    previous: PreviousMap,
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
        *self.0.lock().await = None;
    }
}

impl Asked<'_> {
    async fn resolution(&self) -> Result<Arc<Resolution>> {
        let &Self {
            config,
            catalog,
            task,
            previous,
            resolutions,
        } = self;
        let dates = (task.as_of_date, previous);
        let mut last = resolutions.0.lock().await;
        if let Some((known, resolution)) = &*last
            && *known == dates
        {
            catalog.has_read(&resolution.versions).await;
            return Ok(resolution.clone());
        }
        *last = None;
        let overrides = read::overrides(catalog).await?;
        let evidence = read::evidence(catalog).await?;
        let mut previous = read::previous_map(catalog, previous).await?;
        let resolver = Resolver::new(&config.identity, task.as_of_date.epoch_day());
        let map = resolver.overrides(&overrides).resolve(evidence, &previous);
        previous.forget_identifiers();
        let versions = catalog.versions().await;
        let resolution = Arc::new(Resolution {
            map,
            previous,
            versions,
        });
        *last = Some((dates, resolution.clone()));
        Ok(resolution)
    }
}
