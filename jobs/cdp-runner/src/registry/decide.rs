//! What people decide: which model is champion from a date on.

use cdp_plan::AsOfDate;

use super::{Alias, AliasRow, Registry, table};
use crate::matrix::{days, one_batch};
use crate::project::{Project, ProjectError};

/// Who has which name on a date.
#[derive(Debug, Clone, Default)]
pub struct Aliases {
    /// The model that scores.
    pub champion: Option<AliasRow>,
    /// The one that was trained last.
    pub candidate: Option<AliasRow>,
    /// The one that a rollback would bring back.
    pub previous_champion: Option<AliasRow>,
}

impl Aliases {
    /// The names of a model.
    pub fn of(&self, model_id: &str) -> Vec<Alias> {
        let holders = [&self.champion, &self.candidate];
        let rows = holders.into_iter().flatten();
        rows.filter(|row| row.model_id == model_id)
            .map(|row| row.alias)
            .collect()
    }
}

impl Project {
    /// Who has which name on a date.
    pub async fn model_aliases(&self, date: AsOfDate) -> Result<Aliases, ProjectError> {
        let registry = Registry::read(self).await?;
        Ok(Aliases {
            champion: registry.champion(date).cloned(),
            candidate: registry.holder(date, Alias::Candidate).cloned(),
            previous_champion: registry.previous_champion(date).cloned(),
        })
    }

    /// Every move of a name, the last first.
    pub async fn model_moves(&self) -> Result<Vec<AliasRow>, ProjectError> {
        let registry = Registry::read(self).await?;
        Ok(registry.rows().rev().cloned().collect())
    }

    /// The newest date that was scored or trained for; `None` when none was.
    pub async fn newest_scored(&self) -> Result<Option<AsOfDate>, ProjectError> {
        let query = "select max(as_of_date) as as_of_date from (\
                     select max(as_of_date) as as_of_date from scores.churn_scores union all \
                     select max(as_of_date) as as_of_date from scores.churn_model) as dates \
                     having max(as_of_date) is not null";
        let batch = one_batch(&self.query(query, None, None).await?)?;
        let newest = days(&batch, "as_of_date")?.first().copied();
        Ok(newest.and_then(AsOfDate::from_epoch_day))
    }

    /// Moves a name.
    pub async fn move_alias(&self, row: &AliasRow) -> Result<(), ProjectError> {
        self.lake().probe().await?;
        Ok(table::append(self, std::slice::from_ref(row)).await?)
    }
}
