//! Have features seen what came later? Those of a closed cut-off are computed once more, from all that
//! the raw tables hold by now, and held against what was stored.

use std::collections::BTreeSet;

use cdp_churn::tripwires;
use cdp_lake::{Catalog, ErrorKind, LakeError};
use cdp_plan::{AsOfDate, Fault, Layer, Model, TableName, TaskDates};
use serde::Serialize;

use crate::matrix::{counts, days, feature_kinds, one_batch, strings};
use crate::overrides::table::name;
use crate::project::{Project, ProjectError};
use crate::steps::churn_model::{FEATURES, baselines, labelled};
use crate::steps::date_sql;

/// What is computed once more.
const ANEW: &str = "features.churn_features_anew";

/// What was looked at, and what was found.
#[derive(Debug, Clone, Serialize)]
pub struct LeakageCheck {
    /// The date as of which outcomes are known.
    pub as_of_date: AsOfDate,
    /// The closed cut-off whose features were computed once more.
    pub cutoff_date: AsOfDate,
    /// Profiles that are there both times.
    pub profiles: u64,
    /// Profiles that only the stored features have.
    pub only_stored: u64,
    /// Profiles that only the new ones have.
    pub only_anew: u64,
    /// Features that were computed once more.
    pub features: usize,
    /// Features that are not what they were.
    pub changed: Vec<ChangedFeature>,
    /// What tells the outcome too well, one sentence each.
    pub tripped: Vec<String>,
}

/// A feature of a closed cut-off that has changed since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedFeature {
    /// The feature.
    pub feature: String,
    /// Profiles for which it differs.
    pub profiles: u64,
    /// One of them.
    pub profile_id: String,
    /// What was stored for it; nothing when it was missing.
    pub stored: Option<String>,
    /// What comes out now.
    pub anew: Option<String>,
}

impl LeakageCheck {
    /// Whether nothing has seen what it must not.
    pub fn is_sound(&self) -> bool {
        self.changed.is_empty()
            && self.tripped.is_empty()
            && self.only_stored == 0
            && self.only_anew == 0
    }
}

impl Project {
    /// Computes the features of the newest cut-off whose outcome is known as of a date once more, or
    /// those of a given one, and looks for features, and models of them, that know the answer.
    pub async fn check_leakage(
        &self,
        as_of: Option<AsOfDate>,
        cutoff: Option<AsOfDate>,
    ) -> Result<LeakageCheck, ProjectError> {
        let date = self.labels_date(as_of).await?;
        let known = self.catalog(date).await?;
        let cutoff_date = self.closed_cutoff(&known, date, cutoff).await?;
        let features = match self.model(FEATURES) {
            Some(features) => features,
            None => self.manifest().expect_model(FEATURES).map_err(|f| *f)?,
        };
        if self.outdated_features(date, cutoff_date).await? {
            let message = format!("{FEATURES} of {cutoff_date} was made by another query");
            return Err(LakeError::new(ErrorKind::Query, message)
                .hint(format!(
                    "`cdp-jobs run --as-of {date} --select +{}+ --force` makes it again",
                    self.definition().suffixed("scores.churn_model")
                ))
                .into());
        }
        let catalog = self.catalog_of(&TaskDates::from(cutoff_date)).await?;
        for model in self.upstream(features) {
            catalog.make_anew(model, &model.name).await?;
        }
        catalog.make_anew(features, &name(ANEW)?).await?;
        let kinds = feature_kinds(self.schema(&features.name)?.as_ref());
        let names: Vec<&str> = kinds.keys().map(String::as_str).collect();
        let mut found = LeakageCheck {
            as_of_date: date,
            cutoff_date,
            profiles: 0,
            only_stored: 0,
            only_anew: 0,
            features: names.len(),
            changed: Vec::new(),
            tripped: Vec::new(),
        };
        found.compare(&catalog, &names).await?;
        let set = labelled(&known, date).await?;
        let config = &self.churn_as_of(date).await?;
        let leaks = tripwires(config, &set, date.epoch_day(), baselines(config));
        let leaks = leaks.map_err(|error| {
            let message = format!("the tripwires can't be laid: {error}");
            LakeError::new(ErrorKind::Query, message)
        })?;
        found.tripped = leaks.iter().map(ToString::to_string).collect();
        Ok(found)
    }

    /// The cut-off that was asked for, or the newest, among those whose outcome is known.
    async fn closed_cutoff(
        &self,
        known: &Catalog,
        date: AsOfDate,
        asked: Option<AsOfDate>,
    ) -> Result<AsOfDate, ProjectError> {
        let query = format!(
            "select distinct cutoff_date from features.churn_labels where as_of_date = {} \
             order by cutoff_date desc",
            date_sql(Some(date))
        );
        let batch = one_batch(&known.query(&query, None).await?)?;
        let cutoffs = days(&batch, "cutoff_date")?.into_iter();
        let cutoffs: Vec<AsOfDate> = cutoffs.filter_map(AsOfDate::from_epoch_day).collect();
        let found = match asked {
            Some(asked) => cutoffs.iter().find(|cutoff| **cutoff == asked),
            None => cutoffs.first(),
        };
        found.copied().ok_or_else(|| {
            let told: Vec<String> = cutoffs.iter().map(ToString::to_string).collect();
            let message = match asked {
                Some(asked) => format!("{asked} is no cut-off whose outcome is known as of {date}"),
                None => format!("no outcome is known as of {date}"),
            };
            let fault = Fault::new(message);
            fault.hint(format!("known are: {}", told.join(", "))).into()
        })
    }

    /// The stored models of people and features that the features are made of, in their order.
    /// Identities stay as they were: `identity verify` looks at those.
    fn upstream(&self, features: &Model) -> Vec<&Model> {
        let mut needed: BTreeSet<TableName> = BTreeSet::new();
        let mut open = self.manifest().inputs(&features.name);
        while let Some(name) = open.pop() {
            if name.layer() > Layer::Identity && needed.insert(name.clone()) {
                open.extend(self.manifest().inputs(&name));
            }
        }
        let models = self.manifest().models();
        models
            .filter(|model| needed.contains(&model.name))
            .filter(|model| model.materialization.is_dated() && model.statement().is_some())
            .collect()
    }
}

impl LeakageCheck {
    async fn compare(&mut self, catalog: &Catalog, names: &[&str]) -> Result<(), LakeError> {
        let both = format!(
            "from (select * from {FEATURES} where as_of_date = {}) as stored \
             full join {ANEW} as anew on stored.profile_id = anew.profile_id",
            date_sql(Some(self.cutoff_date))
        );
        let differs = |name: &str| {
            format!(
                "stored.profile_id is not null and anew.profile_id is not null \
                 and stored.\"{name}\" is distinct from anew.\"{name}\""
            )
        };
        let sums = names.iter().enumerate().map(|(place, name)| {
            format!(
                ", sum(case when {} then 1 else 0 end) as c{place}",
                differs(name)
            )
        });
        let query = format!(
            "select count(*) as profiles, \
             sum(case when anew.profile_id is null then 1 else 0 end) as only_stored, \
             sum(case when stored.profile_id is null then 1 else 0 end) as only_anew{} {both}",
            sums.collect::<String>()
        );
        let batch = one_batch(&catalog.query(&query, None).await?)?;
        let first = |name: &str| -> Result<u64, LakeError> {
            Ok(counts(&batch, name)?.first().copied().unwrap_or(0))
        };
        self.only_stored = first("only_stored")?;
        self.only_anew = first("only_anew")?;
        self.profiles = first("profiles")? - self.only_stored - self.only_anew;
        for (place, name) in names.iter().enumerate() {
            let profiles = first(&format!("c{place}"))?;
            if profiles == 0 {
                continue;
            }
            let query = format!(
                "select stored.profile_id as profile_id, \
                 coalesce(cast(stored.\"{name}\" as varchar), '') as stored, \
                 coalesce(cast(anew.\"{name}\" as varchar), '') as anew {both} where {} \
                 order by stored.profile_id limit 1",
                differs(name)
            );
            let one = one_batch(&catalog.query(&query, None).await?)?;
            let text = |column: &str| -> Result<Option<String>, LakeError> {
                Ok(strings(&one, column)?.into_iter().next())
            };
            self.changed.push(ChangedFeature {
                feature: (*name).to_owned(),
                profiles,
                profile_id: text("profile_id")?.unwrap_or_default(),
                stored: text("stored")?.filter(|value| !value.is_empty()),
                anew: text("anew")?.filter(|value| !value.is_empty()),
            });
        }
        Ok(())
    }
}
