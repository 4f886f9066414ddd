//! What people decide about identities: rows of `raw.identity_overrides`, and what they would change.

mod diff;
mod preview;
pub(crate) mod table;

use cdp_lake::LakeError;
use cdp_plan::{AsOfDate, Fault, Source, nearest_hint};
use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

pub use cdp_identity::OverrideKind;
pub use diff::{AffectedProfile, Change, ChangeType, Move};
pub use preview::{Obstacle, Preview, Related, Relation, Standing};

use crate::project::{Project, ProjectError};

/// The source that overrides are written to.
pub(crate) const SOURCE: &str = "raw.identity_overrides";

/// A row of `raw.identity_overrides`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OverrideRow {
    /// Its name.
    pub override_id: String,
    /// What is said.
    #[serde(serialize_with = "kind_name")]
    pub kind: OverrideKind,
    /// The identifier, or one of two.
    pub left_identifier: String,
    /// The other one, of a link or of one that must never be.
    pub right_identifier: Option<String>,
    /// Whether it stands; a row that says no takes it back.
    pub is_active: bool,
    /// Who says so.
    pub author: String,
    /// Why.
    pub reason: String,
    /// Since when it holds.
    pub valid_from: DateTime<Utc>,
}

/// An override as it stands today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KnownOverride {
    /// What was said, by whom and since when; `is_active` tells whether it still stands.
    #[serde(flatten)]
    pub row: OverrideRow,
    /// How it was taken back.
    pub taken_back: Option<TakenBack>,
}

/// How an override was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TakenBack {
    /// By whom.
    pub author: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub valid_from: DateTime<Utc>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn kind_name<S: Serializer>(kind: &OverrideKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.as_str())
}

impl OverrideRow {
    /// The first date whose run sees it: a run knows what held before its date, 00:00 UTC.
    pub fn counts_from(&self) -> AsOfDate {
        AsOfDate::from(self.valid_from.date_naive()).next()
    }

    /// The identifiers that it names.
    pub fn identifiers(&self) -> impl Iterator<Item = &str> {
        let right = self.right_identifier.as_deref();
        std::iter::once(self.left_identifier.as_str()).chain(right)
    }
}

/// The profile id that a text is, also when it is written like an identifier, `profile:p_…`.
pub fn profile_id_in(text: &str) -> Option<&str> {
    let id = match text.split_once(':') {
        Some((name, id)) if ["profile", "profile_id"].contains(&name.trim()) => id.trim(),
        Some(_) => return None,
        None => text.trim(),
    };
    let digits = id.strip_prefix("p_")?;
    let is_id = digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then_some(id)
}

impl Project {
    /// The identifier that a person means by `type: value`, by the rules of the project.
    pub fn identifier(&self, text: &str) -> Result<String, Box<Fault>> {
        let rules = &self.config().identity;
        let types: Vec<&str> = rules.type_names().collect();
        let known = format!("known types: {}", types.join(", "));
        if let Some(id) = profile_id_in(text) {
            let fault = Fault::new(format!("`{id}` is a profile id, not an identifier"));
            let hint =
                format!("name one of its identifiers: `cdp-jobs explain profile {id}` lists them");
            return Err(fault.hint(hint).into());
        }
        let Some((name, value)) = text.split_once(':') else {
            let fault = Fault::new(format!("`{text}` is no identifier"));
            return Err(fault.hint(format!("write `type:value`; {known}")).into());
        };
        let (name, value) = (name.trim(), value.trim());
        match rules.identifier(name, value) {
            Ok(Some(identifier)) => Ok(identifier),
            Ok(None) => {
                let message = format!("`{value}` names nobody as `{name}`");
                let hint = format!(
                    "it is no {name}, or blocked under `[identity]` in cdp.toml, so no profile \
                     ever holds it"
                );
                Err(Fault::new(message).hint(hint).into())
            }
            Err(_) => {
                let near = nearest_hint(name, types.iter().copied());
                let hint = if near.starts_with("did you mean") {
                    format!("{near} {known}")
                } else {
                    known
                };
                let message = format!("there is no identifier type `{name}`");
                Err(Fault::new(message).hint(hint).into())
            }
        }
    }

    /// Every override, those that were taken back too, in the order of their names.
    pub async fn overrides(&self) -> Result<Vec<KnownOverride>, ProjectError> {
        self.override_source()?;
        Ok(table::read(self).await?)
    }

    /// Appends a row to the raw table of overrides; gives the version of the table with it.
    pub async fn write_override(
        &self,
        row: &OverrideRow,
        run_id: &str,
        program_version: &str,
    ) -> Result<u64, ProjectError> {
        let source = self.override_source()?;
        self.lake().probe().await?;
        Ok(table::append(self, source, row, run_id, program_version).await?)
    }

    fn override_source(&self) -> Result<&Source, ProjectError> {
        let name = SOURCE.parse().ok();
        let found = name.and_then(|name| self.manifest().source(&name));
        found.ok_or_else(|| {
            let fault = Fault::new(format!("the project has no source `{SOURCE}`"));
            let hint = "declare it in sql/sources.toml as a project of `cdp-jobs init` does, and \
                        let sql/staging/identity_overrides.sql read it";
            fault.hint(hint).into()
        })
    }

    /// Whether a model is part of the project.
    pub(crate) fn has_model(&self, name: &str) -> Result<bool, LakeError> {
        let name = table::name(name)?;
        Ok(self.manifest().model(&name).is_some())
    }
}
