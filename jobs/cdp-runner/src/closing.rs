//! Which scores are to be held against what happened: those of each date when their own horizon has
//! closed, whatever the horizon is today.

use std::collections::BTreeMap;

use cdp_churn::ChurnConfig;
use cdp_lake::LakeError;
use cdp_plan::{AsOfDate, Definition, Model, Plan};

use crate::project::Project;

const SCORES: &str = "scores.churn_scores";
const HORIZON: &str = "horizon_days";

/// How many days the scores of a date look ahead, of each definition of churn.
#[derive(Debug, Default)]
pub(crate) struct Horizons(BTreeMap<Definition, BTreeMap<AsOfDate, Option<i64>>>);

impl Horizons {
    /// Those of the lake, as far as a plan asks for them. The log of a table tells them.
    pub(crate) async fn read(project: &Project, plan: &Plan) -> Result<Self, LakeError> {
        let manifest = project.manifest();
        let mut horizons = BTreeMap::new();
        for task in &plan.tasks {
            let model = manifest.model(&task.name);
            let asks = model.is_some_and(Model::reads_closed);
            if asks
                && !horizons.contains_key(&task.definition)
                && let Some(scores) = manifest.model_of(SCORES, &task.definition)
            {
                let known = project.lake().partition_maxima(&scores.name, HORIZON);
                horizons.insert(task.definition.clone(), known.await?);
            }
        }
        Ok(Self(horizons))
    }

    /// The dates of scores whose horizon closed after one date, if there is one, and by another.
    /// Scores that do not say their horizon have the one in force.
    pub(crate) fn closing(
        &self,
        definition: &Definition,
        churn: &ChurnConfig,
        after: Option<AsOfDate>,
        by: AsOfDate,
    ) -> Vec<AsOfDate> {
        let known = self.0.get(definition).into_iter().flatten();
        let closing = known.filter(|(date, horizon)| {
            let horizon = horizon.unwrap_or_else(|| churn.horizon_days().into());
            let begins = i64::from(date.epoch_day()) + i64::from(churn.gap_days());
            let closes = begins + horizon;
            let is_new = after.is_none_or(|after| closes > after.epoch_day().into());
            is_new && closes <= by.epoch_day().into()
        });
        closing.map(|(date, _)| *date).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(day: i32) -> AsOfDate {
        AsOfDate::from_epoch_day(day).unwrap()
    }

    #[test]
    fn each_date_closes_by_its_own_horizon() {
        let scored = [
            (100, Some(30)),
            (110, Some(90)),
            (120, None),
            (125, Some(7)),
        ];
        let scored = scored.map(|(day, horizon)| (date(day), horizon));
        let horizons = Horizons(BTreeMap::from([(Definition::MAIN, scored.into())]));
        let churn = ChurnConfig::from_raw(&cdp_churn::RawChurnConfig::default()).unwrap();
        let (gap, horizon) = (churn.gap_days(), churn.horizon_days());
        let closing = |after: Option<i32>, by: i32| {
            let after = after.map(|day| date(day + gap));
            let closing = horizons.closing(&Definition::MAIN, &churn, after, date(by + gap));
            closing
                .iter()
                .map(|date| date.epoch_day())
                .collect::<Vec<_>>()
        };
        assert_eq!(closing(None, 129), Vec::<i32>::new());
        assert_eq!(closing(None, 132), [100, 125]);
        assert_eq!(closing(Some(130), 132), [125]);
        assert_eq!(closing(Some(199), 200), [110]);
        assert_eq!(closing(Some(119 + horizon), 120 + horizon), [120]);
        assert_eq!(closing(None, 1000), [100, 110, 120, 125]);
    }
}
