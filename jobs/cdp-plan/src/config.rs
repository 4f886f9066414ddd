//! `cdp.toml`: as written (`RawConfig`) and checked (`Config`).

use std::collections::BTreeMap;

use cdp_btyd::{RawValueConfig, ValueConfig};
use cdp_churn::RawChurnConfig;
use cdp_identity::{IdentityRules, RawIdentityConfig};
use cdp_linkage::{LinkageConfig, RawLinkageConfig};
use serde::Deserialize;

use crate::definition::Definitions;
use crate::fault::{Fault, SourceFile};
use crate::toml_file;
use crate::vars::Vars;

/// The file as written; every key has a default.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawConfig {
    project: RawProject,
    lake: RawLake,
    engine: RawEngine,
    load: RawLoad,
    quarantine: RawQuarantine,
    identity: RawIdentityConfig,
    linkage: RawLinkageConfig,
    churn: RawChurnConfig,
    value: RawValueConfig,
    vars: Vars,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawProject {
    name: String,
    base: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawLake {
    url: String,
    options: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawEngine {
    memory_limit: String,
    partitions: usize,
    spill_dir: String,
    spill_limit: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawLoad {
    bad_rows_max_share: f64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawQuarantine {
    rows_max: u64,
}

impl Default for RawProject {
    fn default() -> Self {
        Self {
            name: "cdp".to_owned(),
            base: "builtin".to_owned(),
        }
    }
}

impl Default for RawLake {
    fn default() -> Self {
        Self {
            url: "lake".to_owned(),
            options: BTreeMap::new(),
        }
    }
}

impl Default for RawEngine {
    fn default() -> Self {
        Self {
            memory_limit: "2GiB".to_owned(),
            partitions: 0,
            spill_dir: String::new(),
            spill_limit: "100GiB".to_owned(),
        }
    }
}

impl Default for RawLoad {
    fn default() -> Self {
        Self {
            bad_rows_max_share: 0.05,
        }
    }
}

impl Default for RawQuarantine {
    fn default() -> Self {
        Self { rows_max: 10_000 }
    }
}

/// Where the models of a project come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// Those in the program, except where the project's `sql/` has a file of the same path.
    Builtin,
    /// Only those in the project's `sql/`.
    None,
}

/// Bounds for the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineLimits {
    /// Bytes of memory that queries may hold.
    pub memory_limit: u64,
    /// Parallel partitions; 0 = one per core.
    pub partitions: usize,
    /// Where queries spill; `None` = the system's temporary folder.
    pub spill_dir: Option<String>,
    /// Bytes that may be spilled.
    pub spill_limit: u64,
}

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// What the project is called, in messages and the ledger.
    pub project_name: String,
    /// Where its models come from.
    pub base: Base,
    /// The lake's root: a URL, or a path that is relative to the project.
    pub lake_url: String,
    /// Options of the object store (never secrets: those come from the environment).
    pub storage_options: BTreeMap<String, String>,
    /// Bounds for the engine.
    pub engine: EngineLimits,
    /// A load with a larger share of bad rows writes nothing.
    pub bad_rows_max_share: f64,
    /// The most rows that are kept in quarantine per source and date.
    pub quarantine_rows_max: u64,
    /// Identifier types and limits.
    pub identity: IdentityRules,
    /// The text of those rules, by which a change of them is noticed.
    pub identity_text: String,
    /// How records without a shared identifier are held against each other.
    pub linkage: LinkageConfig,
    /// The text of that, by which a change of it is noticed.
    pub linkage_text: String,
    /// What churn means and how it is predicted, by each definition.
    pub churn: Definitions,
    /// How far ahead customers are valued.
    pub value: ValueConfig,
    /// Parameters of models.
    pub vars: Vars,
}

impl Config {
    /// Reads a file; faults are added to the list.
    pub fn read(file: &SourceFile, faults: &mut Vec<Fault>) -> Option<Self> {
        let before = faults.len();
        let raw: RawConfig = toml_file::read(file, faults)?;
        let base = match raw.project.base.as_str() {
            "none" => Base::None,
            "builtin" => Base::Builtin,
            other => {
                let fault = Fault::new(format!("`{other}` is not a base"));
                faults.push(
                    fault
                        .hint("`builtin` or `none`")
                        .at_key(file, &["project", "base"]),
                );
                Base::Builtin
            }
        };
        let memory_limit = bytes(file, "memory_limit", &raw.engine.memory_limit, faults);
        let spill_limit = bytes(file, "spill_limit", &raw.engine.spill_limit, faults);
        if !(0.0..=1.0).contains(&raw.load.bad_rows_max_share) {
            faults.push(
                Fault::new("`bad_rows_max_share` is a share from 0.0 to 1.0")
                    .at_key(file, &["load", "bad_rows_max_share"]),
            );
        }
        let identity = IdentityRules::from_config(&raw.identity).map_err(|found| {
            faults.extend(found.iter().map(|fault| keyed(file, &fault.to_string())));
        });
        let linkage = LinkageConfig::from_raw(&raw.linkage).map_err(|found| {
            faults.extend(found.iter().map(|fault| keyed(file, &fault.to_string())));
        });
        let churn = Definitions::read(&raw.churn, file, faults);
        let value = ValueConfig::from_raw(&raw.value).map_err(|found| {
            faults.extend(found.iter().map(|fault| keyed(file, &fault.to_string())));
        });
        if faults.len() > before {
            return None;
        }
        Some(Self {
            project_name: raw.project.name,
            base,
            lake_url: raw.lake.url,
            storage_options: raw.lake.options,
            engine: EngineLimits {
                memory_limit,
                partitions: raw.engine.partitions,
                spill_dir: Some(raw.engine.spill_dir).filter(|dir| !dir.is_empty()),
                spill_limit,
            },
            bad_rows_max_share: raw.load.bad_rows_max_share,
            quarantine_rows_max: raw.quarantine.rows_max,
            identity: identity.ok()?,
            identity_text: format!("{:?}", raw.identity),
            linkage: linkage.ok()?,
            linkage_text: format!("{:?}", raw.linkage),
            churn: churn?,
            value: value.ok()?,
            vars: raw.vars,
        })
    }
}

/// A fault whose message begins with a key path in backticks, placed at the key when it is there.
pub(crate) fn keyed(file: &SourceFile, message: &str) -> Fault {
    let path = message.split('`').nth(1).unwrap_or_default();
    let keys = path.split(['.', '[', ']']).filter(|key| !key.is_empty());
    Fault::new(message).at_key(file, &keys.collect::<Vec<&str>>())
}

fn bytes(file: &SourceFile, key: &str, text: &str, faults: &mut Vec<Fault>) -> u64 {
    parse_bytes(text).unwrap_or_else(|| {
        faults.push(
            Fault::new(format!("`{key}`: `{text}` is not an amount of bytes"))
                .hint("write it like `512MiB` or `4GiB`")
                .at_key(file, &["engine", key]),
        );
        0
    })
}

/// `512MiB`, `4GiB`, `1500000000`.
fn parse_bytes(text: &str) -> Option<u64> {
    let digits = text
        .trim()
        .trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.trim()[digits.len()..].to_lowercase().as_str() {
        "" | "b" => 1,
        "kib" | "k" => 1 << 10,
        "mib" | "m" => 1 << 20,
        "gib" | "g" => 1_u64 << 30,
        "tib" | "t" => 1_u64 << 40,
        _ => return None,
    };
    let count: u64 = digits.trim().parse().ok()?;
    count.checked_mul(unit).filter(|bytes| *bytes > 0)
}

/// The default configuration with a comment on every key: what `init` writes.
pub const DEFAULT_TOML: &str = include_str!("default.toml");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_file_says_what_the_program_defaults_to() {
        let written: RawConfig = toml::from_str(DEFAULT_TOML).unwrap();
        assert_eq!(written, RawConfig::default());
    }

    #[test]
    fn amounts_of_bytes_have_units() {
        assert_eq!(parse_bytes("2GiB"), Some(2 << 30));
        assert_eq!(parse_bytes("512 MiB"), Some(512 << 20));
        assert_eq!(parse_bytes("0"), None);
        assert_eq!(parse_bytes("lots"), None);
    }

    #[test]
    fn every_fault_is_reported_with_its_line() {
        let file = SourceFile::new(
            "cdp.toml",
            "[project]\nbase = \"other\"\nnam = \"x\"\n[engine]\nmemory_limit = \"much\"\n[load]\nbad_rows_max_share = 2.0\n",
        );
        let mut faults = Vec::new();
        assert!(Config::read(&file, &mut faults).is_none());
        let mut lines: Vec<Option<usize>> = faults
            .iter()
            .map(|f| f.place().and_then(|p| p.line))
            .collect();
        lines.sort_unstable();
        assert_eq!(lines, [Some(2), Some(3), Some(5), Some(7)]);
    }
}
