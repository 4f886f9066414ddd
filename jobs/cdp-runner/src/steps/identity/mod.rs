//! Evidence, overrides and the previous map into who is who, and what of it becomes a table.

mod map;
pub(crate) mod read;
mod violations;

use cdp_identity::{ProfileMap, Resolver};
use cdp_lake::{Catalog, Result};
use cdp_plan::{AsOfDate, Config, Task};

pub(super) use map::{run as resolve_identities, schema as map_schema};
pub(super) use violations::{run as list_violations, schema as violations_schema};

/// Who is who as of a task's date, given the map of an earlier date.
async fn resolve(
    config: &Config,
    catalog: &Catalog,
    task: &Task,
    previous: Option<AsOfDate>,
) -> Result<ProfileMap> {
    let overrides = read::overrides(catalog).await?;
    let evidence = read::evidence(catalog).await?;
    let previous = read::previous_map(catalog, previous).await?;
    let resolver = Resolver::new(&config.identity, task.as_of_date.epoch_day());
    Ok(resolver.overrides(&overrides).resolve(evidence, &previous))
}
