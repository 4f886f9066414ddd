//! Who would be who with an override that is not written yet.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, StringArray};
use arrow::datatypes::Float64Type;
use cdp_identity::{EvidenceTable, Override, OverrideKind, PreviousMap, ProfileMap, Resolver};
use cdp_lake::{Catalog, LakeError};
use cdp_plan::AsOfDate;
use serde::Serialize;

use super::diff::{AffectedProfile, Change, Diff, Move};
use super::{KnownOverride, OverrideRow, table};
use crate::matrix::{column, texts};
use crate::project::{Project, ProjectError};
use crate::steps::{date_sql, identity::read};

const MAP: &str = "identity.profile_map";
const SEGMENTS: &str = "segments.segment_members";
const SCORES: &str = "scores.churn_scores";

/// What an override would change.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Preview {
    /// The date of the latest profile map; without one nothing can be shown.
    pub map_date: Option<AsOfDate>,
    /// The identifiers that the override names, as they stand without it.
    pub standing: Vec<Standing>,
    /// Overrides that stand and speak of the same identifiers.
    pub related: Vec<Related>,
    /// The identifiers that change their profile.
    pub moves: Vec<Move>,
    /// The same by pair of profiles.
    pub changes: Vec<Change>,
    /// The profiles that gain or lose identifiers, with what the date says of them.
    pub profiles: Vec<AffectedProfile>,
    /// What would not be done, and has to do with the override.
    pub violations: Vec<Obstacle>,
}

/// An identifier that an override names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Which.
    pub identifier: String,
    /// Whether anything is known of it.
    pub is_known: bool,
    /// Its profile; none when it is unknown or nobody's.
    pub profile_id: Option<String>,
}

/// How another override bears on one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// It says the same.
    Same,
    /// It says the opposite and gives way.
    GivesWay,
    /// It says the opposite and wins.
    Wins,
}

/// Another override that speaks of the same identifiers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Related {
    /// How it bears on the new one.
    pub relation: Relation,
    /// The other one.
    #[serde(flatten)]
    pub row: OverrideRow,
}

/// Something that would not be done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Obstacle {
    /// The rule in the way.
    pub rule: &'static str,
    /// The identifier, or one of two.
    pub left_identifier: String,
    /// The other one.
    pub right_identifier: Option<String>,
    /// The overrides that have to do with it; of two that contradict each other the first gives way.
    pub override_ids: Vec<String>,
}

impl Project {
    /// What a row of `raw.identity_overrides` that is not written yet would change: the evidence of
    /// the latest profile map is resolved twice, without and with it, each time for the first date
    /// on which it counts.
    pub async fn preview_override(&self, row: &OverrideRow) -> Result<Preview, ProjectError> {
        let known = self.overrides().await?;
        let related = related(row, &known);
        let Some(map_date) = self.map_date().await? else {
            return Ok(Preview {
                related,
                ..Preview::default()
            });
        };
        let then = row.counts_from().max(map_date.next());
        let tables = self.tables()?;
        let later = Catalog::new(tables, Some(then), self.values(&then.into()))?;
        let without = read::overrides(&later).await?;
        let catalog = self.catalog(map_date).await?;
        let evidence = read::evidence(&catalog).await?;
        let previous = read::previous_map(&catalog, Some(map_date)).await?;
        let resolve = |evidence: EvidenceTable, previous: &PreviousMap, said: &[Override]| {
            let resolver = Resolver::new(&self.config().identity, then.epoch_day());
            resolver.overrides(said).resolve(evidence, previous)
        };
        let before = resolve(evidence.clone(), &previous, &without);
        let after = resolve(evidence, &previous, &with(row, &without));
        let mut diff = Diff::between(&before, &after);
        self.describe(&catalog, map_date, &mut diff.profiles)
            .await?;
        Ok(Preview {
            map_date: Some(map_date),
            standing: row
                .identifiers()
                .map(|one| standing(&before, one))
                .collect(),
            related,
            moves: diff.moves,
            changes: diff.changes,
            profiles: diff.profiles,
            violations: obstacles(&after, &row.override_id),
        })
    }

    async fn map_date(&self) -> Result<Option<AsOfDate>, LakeError> {
        if !self.has_model(MAP)? {
            return Ok(None);
        }
        let dates = self.lake().partition_dates(&table::name(MAP)?).await?;
        Ok(dates.last().copied())
    }

    /// Adds the segments and scores that a date holds for profiles.
    pub(crate) async fn describe(
        &self,
        catalog: &Catalog,
        date: AsOfDate,
        profiles: &mut [AffectedProfile],
    ) -> Result<(), LakeError> {
        let ids: Vec<String> = profiles
            .iter()
            .map(|one| format!("'{}'", one.profile_id.replace('\'', "''")))
            .collect();
        if ids.is_empty() {
            return Ok(());
        }
        let of_them = format!(
            "where as_of_date = {} and profile_id in ({})",
            date_sql(Some(date)),
            ids.join(", ")
        );
        let mut by_id: ById<'_> = profiles
            .iter_mut()
            .map(|one| (one.profile_id.clone(), one))
            .collect();
        if self.has_model(SEGMENTS)? {
            add_segments(catalog, &of_them, &mut by_id).await?;
        }
        if self.has_model(SCORES)? {
            add_scores(catalog, &of_them, &mut by_id).await?;
        }
        Ok(())
    }
}

type ById<'p> = BTreeMap<String, &'p mut AffectedProfile>;

async fn add_segments(
    catalog: &Catalog,
    of_them: &str,
    by_id: &mut ById<'_>,
) -> Result<(), LakeError> {
    let query = format!("select profile_id, segment from {SEGMENTS} {of_them} order by 1, 2");
    for batch in catalog.batches(&query).await? {
        let (ids, segments) = (texts(&batch, "profile_id")?, texts(&batch, "segment")?);
        for (id, segment) in ids.iter().zip(&segments) {
            if let Some(profile) = by_id.get_mut(id.unwrap_or_default()) {
                profile.segments.extend(segment.map(str::to_owned));
            }
        }
    }
    Ok(())
}

async fn add_scores(
    catalog: &Catalog,
    of_them: &str,
    by_id: &mut ById<'_>,
) -> Result<(), LakeError> {
    let query = format!(
        "select profile_id, cast(churn_probability as double) as churn_probability, risk_band, \
         not_scored_reason from {SCORES} {of_them}"
    );
    for batch in catalog.batches(&query).await? {
        let ids = texts(&batch, "profile_id")?;
        let probabilities = column(&batch, "churn_probability")?;
        let probabilities = probabilities.as_primitive::<Float64Type>();
        let (bands, reasons) = (
            texts(&batch, "risk_band")?,
            texts(&batch, "not_scored_reason")?,
        );
        for row in 0..batch.num_rows() {
            if let Some(profile) = by_id.get_mut(ids.value(row)) {
                let known = probabilities.is_valid(row);
                profile.churn_probability = known.then(|| probabilities.value(row));
                let text = |values: &StringArray| {
                    values.is_valid(row).then(|| values.value(row).to_owned())
                };
                (profile.risk_band, profile.not_scored_reason) = (text(&bands), text(&reasons));
            }
        }
    }
    Ok(())
}

/// What is said once the row is there.
fn with(row: &OverrideRow, without: &[Override]) -> Vec<Override> {
    let others = without
        .iter()
        .filter(|one| one.override_id != row.override_id);
    let new = row.is_active.then(|| Override {
        kind: row.kind,
        left: row.left_identifier.clone(),
        right: row.right_identifier.clone(),
        author: row.author.clone(),
        reason: row.reason.clone(),
        valid_from: AsOfDate::from(row.valid_from.date_naive()).epoch_day(),
        override_id: row.override_id.clone(),
    });
    others.cloned().chain(new).collect()
}

fn standing(map: &ProfileMap, identifier: &str) -> Standing {
    let row = map.find(identifier);
    let profile = row.filter(|row| !row.is_blocked).map(|row| row.profile_id);
    Standing {
        identifier: identifier.to_owned(),
        is_known: row.is_some(),
        profile_id: profile.map(str::to_owned),
    }
}

fn obstacles(map: &ProfileMap, override_id: &str) -> Vec<Obstacle> {
    let named = map
        .violations()
        .filter(|violation| violation.override_ids.contains(&override_id));
    let mut obstacles: Vec<Obstacle> = named
        .map(|violation| Obstacle {
            rule: violation.rule.as_str(),
            left_identifier: violation.left.to_owned(),
            right_identifier: violation.right.map(str::to_owned),
            override_ids: violation
                .override_ids
                .iter()
                .map(|id| (*id).to_owned())
                .collect(),
        })
        .collect();
    obstacles.sort_unstable();
    obstacles.dedup();
    obstacles
}

/// The overrides that stand and say the same of the same identifiers, or the opposite.
fn related(row: &OverrideRow, known: &[KnownOverride]) -> Vec<Related> {
    let others = known.iter().map(|one| &one.row);
    let others =
        others.filter(|one| row.is_active && one.is_active && one.override_id != row.override_id);
    let related = others.filter_map(|other| {
        Some(Related {
            relation: relation(row, other)?,
            row: other.clone(),
        })
    });
    related.collect()
}

/// Of a link and its opposite the one of the later day wins, on one day the more careful one; a link
/// of somebody who is nobody never does.
fn relation(row: &OverrideRow, other: &OverrideRow) -> Option<Relation> {
    use OverrideKind::{BlockValue, Link, NeverLink};
    let share_all = row
        .identifiers()
        .all(|one| other.identifiers().any(|two| one == two));
    let share_one = row
        .identifiers()
        .any(|one| other.identifiers().any(|two| one == two));
    let (day, other_day) = (row.counts_from(), other.counts_from());
    let wins = match (row.kind, other.kind) {
        (one, two) if one == two => return share_all.then_some(Relation::Same),
        (Link, NeverLink) if share_all => other_day >= day,
        (NeverLink, Link) if share_all => other_day > day,
        (Link, BlockValue) if share_one => true,
        (BlockValue, Link) if share_one => false,
        _ => return None,
    };
    Some(if wins {
        Relation::Wins
    } else {
        Relation::GivesWay
    })
}
