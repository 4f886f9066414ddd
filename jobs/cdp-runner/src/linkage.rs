//! What people ask of the linkage of records: the weights, and the pairs to look at.

use arrow::array::Array;
use cdp_lake::{ErrorKind, LakeError};
use cdp_linkage::{Explanation, LinkageModel};
use cdp_plan::{AsOfDate, Fault, nearest_hint};
use serde::Serialize;

use crate::matrix::{bools, counts, days, floats, one_batch, strings, texts};
use crate::project::{Project, ProjectError, far_future};
use crate::steps::date_sql;
use crate::steps::linkage::model::newest_query;

/// Trained weights as they are stored.
#[derive(Debug, Clone, Serialize)]
pub struct TrainedWeights {
    /// The hash of the weights.
    pub model_id: String,
    /// The date that they were trained for.
    pub as_of_date: AsOfDate,
    /// Records trained on.
    pub record_count: u64,
    /// Pairs of them that share a block.
    pub pair_count: u64,
    /// Blocks that were too large to be compared.
    pub blocks_left_out: Option<String>,
    /// The weights.
    pub model: LinkageModel,
}

/// A pair of records that are likely one.
#[derive(Debug, Clone, Serialize)]
pub struct LinkedPair {
    /// An identifier of one record.
    pub left_identifier: String,
    /// An identifier of the other.
    pub right_identifier: String,
    /// The staging model of the left record.
    pub left_source: String,
    /// The staging model of the right record.
    pub right_source: String,
    /// The profile of the left record, if it has one.
    pub left_profile_id: Option<String>,
    /// The profile of the right record, if it has one.
    pub right_profile_id: Option<String>,
    /// The probability that they are one.
    pub match_probability: f64,
    /// The most demanding purpose that it serves.
    pub purpose: String,
    /// Whether the pair is evidence.
    pub is_accepted: bool,
    /// What each comparison said.
    pub evidence: Explanation,
}

/// Pairs of a date.
#[derive(Debug, Clone, Serialize)]
pub struct LinkedPairs {
    /// The date.
    pub as_of_date: AsOfDate,
    /// The likeliest first.
    pub pairs: Vec<LinkedPair>,
    /// Whether there are more.
    pub more: bool,
}

/// Which pairs are asked for.
#[derive(Debug, Clone)]
pub struct PairsAsked<'a> {
    /// The date; `None` = the latest there is.
    pub as_of: Option<AsOfDate>,
    /// Only those of a purpose.
    pub purpose: Option<&'a str>,
    /// Also pairs whose records are in one profile.
    pub all: bool,
    /// No more than so many.
    pub limit: usize,
}

impl Project {
    /// The weights that serve on a date, or the newest of all; `None` when there are none.
    pub async fn linkage_weights(
        &self,
        as_of: Option<AsOfDate>,
    ) -> Result<Option<TrainedWeights>, ProjectError> {
        self.expect_linkage("identity.linkage_model")?;
        let date = as_of.unwrap_or_else(far_future);
        let batch = one_batch(&self.query(&newest_query(date), None, None).await?)?;
        if batch.num_rows() == 0 {
            return Ok(None);
        }
        let model = LinkageModel::from_json(&strings(&batch, "model")?[0])
            .map_err(|error| LakeError::new(ErrorKind::Schema, error.to_string()))?;
        let left_out = texts(&batch, "blocks_left_out")?;
        Ok(Some(TrainedWeights {
            model_id: strings(&batch, "model_id")?.swap_remove(0),
            as_of_date: date_of(days(&batch, "as_of_date")?[0])?,
            record_count: counts(&batch, "record_count")?[0],
            pair_count: counts(&batch, "pair_count")?[0],
            blocks_left_out: left_out.is_valid(0).then(|| left_out.value(0).to_owned()),
            model,
        }))
    }

    /// Pairs of records that are likely one; `None` when no date was linked.
    pub async fn linked_pairs(
        &self,
        asked: &PairsAsked<'_>,
    ) -> Result<Option<LinkedPairs>, ProjectError> {
        self.expect_linkage("identity.linked_records")?;
        self.expect_purpose(asked.purpose)?;
        let made = "identity.linked_records".parse().map_err(not_there)?;
        let dates = self.lake().partition_dates(&made).await?;
        let date = match asked.as_of {
            Some(date) => dates.contains(&date).then_some(date),
            None => dates.last().copied(),
        };
        let Some(as_of_date) = date else {
            return Ok(None);
        };
        let answer = self
            .query(&pairs_query(asked, as_of_date), None, Some(asked.limit))
            .await?;
        let batch = one_batch(&answer)?;
        let text = |name: &str| strings(&batch, name);
        let (left, right) = (text("left_identifier")?, text("right_identifier")?);
        let sources = [text("left_source")?, text("right_source")?];
        let profiles = [
            texts(&batch, "left_profile_id")?,
            texts(&batch, "right_profile_id")?,
        ];
        let profile = |side: usize, row: usize| {
            let column = &profiles[side];
            column.is_valid(row).then(|| column.value(row).to_owned())
        };
        let probability = floats(&batch, "match_probability")?;
        let (purpose, evidence) = (text("purpose")?, text("evidence")?);
        let accepted = bools(&batch, "is_accepted")?;
        let mut pairs = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            let told = serde_json::from_str(&evidence[row])
                .map_err(|error| LakeError::new(ErrorKind::Schema, error.to_string()))?;
            pairs.push(LinkedPair {
                left_identifier: left[row].clone(),
                right_identifier: right[row].clone(),
                left_source: sources[0][row].clone(),
                right_source: sources[1][row].clone(),
                left_profile_id: profile(0, row),
                right_profile_id: profile(1, row),
                match_probability: probability.value(row),
                purpose: purpose[row].clone(),
                is_accepted: accepted[row],
                evidence: told,
            });
        }
        Ok(Some(LinkedPairs {
            as_of_date,
            pairs,
            more: answer.more,
        }))
    }

    fn expect_linkage(&self, model: &str) -> Result<(), ProjectError> {
        let name = model.parse().map_err(not_there)?;
        if self.manifest().model(&name).is_some() {
            return Ok(());
        }
        let fault = Fault::new(format!("the project has no model `{model}`"));
        let hint = "take its sidecar from a project of `cdp-jobs init`, sql/identity/";
        Err(fault.hint(hint).into())
    }

    fn expect_purpose(&self, purpose: Option<&str>) -> Result<(), ProjectError> {
        let known: Vec<&str> = self.config().linkage.purposes().map(|one| one.0).collect();
        match purpose {
            Some(name) if !known.contains(&name) => {
                let fault = Fault::new(format!("there is no purpose `{name}`"));
                let near = nearest_hint(name, known.iter().copied());
                let hint = format!("{near}; they stand under `[linkage.purposes]` in cdp.toml");
                Err(fault.hint(hint).into())
            }
            _ => Ok(()),
        }
    }
}

fn pairs_query(asked: &PairsAsked<'_>, date: AsOfDate) -> String {
    let date = date_sql(Some(date));
    // A purpose was checked to be one of the project's, which may hold a quote all the same.
    let purpose = asked.purpose.map_or_else(String::new, |name| {
        format!("and l.purpose = '{}'", name.replace('\'', "''"))
    });
    let apart = if asked.all {
        ""
    } else {
        "and coalesce(one.profile_id, '') <> coalesce(other.profile_id, ' ')"
    };
    format!(
        "select l.left_identifier, l.right_identifier, l.left_source, l.right_source, \
         one.profile_id as left_profile_id, other.profile_id as right_profile_id, \
         l.match_probability, l.purpose, l.is_accepted, l.evidence \
         from identity.linked_records as l \
         left join identity.profile_map as one on one.identifier = l.left_identifier \
         and one.as_of_date = l.as_of_date \
         left join identity.profile_map as other on other.identifier = l.right_identifier \
         and other.as_of_date = l.as_of_date \
         where l.as_of_date = {date} {purpose} {apart} \
         order by l.match_weight desc, l.left_identifier, l.right_identifier"
    )
}

fn date_of(day: i32) -> Result<AsOfDate, LakeError> {
    AsOfDate::from_epoch_day(day)
        .ok_or_else(|| LakeError::new(ErrorKind::Schema, format!("{day} is no day")))
}

fn not_there(error: impl std::fmt::Display) -> LakeError {
    LakeError::new(ErrorKind::NotFound, error.to_string())
}
