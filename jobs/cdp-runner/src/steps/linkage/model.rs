//! The weights that serve on a date.

use std::sync::Arc;

use cdp_lake::{Catalog, ErrorKind, LakeError, Result};
use cdp_linkage::{LinkageConfig, LinkageModel};
use cdp_plan::AsOfDate;

use crate::matrix::{one_batch, strings};
use crate::steps::date_sql;

/// The query of the newest weights that were trained at or before a date.
pub(crate) fn newest_query(date: AsOfDate) -> String {
    let date = date_sql(Some(date));
    format!(
        "select model_id, model, settings, record_count, pair_count, blocks_left_out, as_of_date \
         from identity.linkage_model where as_of_date <= {date} \
         order by as_of_date desc, model_id limit 1"
    )
}

/// The newest weights that were trained at or before the date; `None` when there are none yet.
pub(super) async fn serving(
    catalog: &Catalog,
    config: &LinkageConfig,
    date: AsOfDate,
) -> Result<Option<(String, Arc<LinkageModel>)>> {
    let answer = catalog.query(&newest_query(date), None).await?;
    let batch = one_batch(&answer)?;
    let (ids, models) = (strings(&batch, "model_id")?, strings(&batch, "model")?);
    let (Some(id), Some(json)) = (ids.into_iter().next(), models.into_iter().next()) else {
        return Ok(None);
    };
    let model = LinkageModel::from_json(&json).and_then(|model| {
        model.check(config)?;
        Ok(model)
    });
    let model = model.map_err(|error| {
        let message = format!("the weights `{id}` can't be used: {error}");
        LakeError::new(ErrorKind::Schema, message).hint(format!(
            "`cdp-jobs run --as-of {date} --select +identity.linkage_model+ --force` trains again"
        ))
    })?;
    Ok(Some((id, Arc::new(model))))
}
