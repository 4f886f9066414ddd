//! Data checks of a model: what must hold for its rows before they are published.

use serde::Deserialize;

/// What happens when a check does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The rows are not published; of a model that is not stored, nothing that reads it is made.
    Fail,
    /// It is reported.
    Warn,
}

impl Severity {
    /// The name as written in a sidecar.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Warn => "warn",
        }
    }
}

/// The checks of one severity, as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawCheckSet {
    not_null: Vec<String>,
    unique: Vec<Vec<String>>,
    expressions: Vec<String>,
    min_rows: Option<u64>,
    max_rows: Option<u64>,
}

/// The checks of both severities, as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawChecks {
    fail: RawCheckSet,
    warn: RawCheckSet,
}

/// One thing that must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// No null in the column.
    NotNull(String),
    /// No two rows agree in all the columns.
    Unique(Vec<String>),
    /// The SQL condition is not false for any row.
    Expression(String),
    /// At least so many rows.
    MinRows(u64),
    /// At most so many rows.
    MaxRows(u64),
}

/// A rule with what happens when it does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What happens when it does not hold.
    pub severity: Severity,
    /// What must hold.
    pub rule: Rule,
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotNull(column) => write!(f, "`{column}` is not null"),
            Self::Unique(columns) => write!(f, "`{}` is unique", columns.join(", ")),
            Self::Expression(expression) => write!(f, "`{expression}`"),
            Self::MinRows(1) => f.write_str("at least 1 row"),
            Self::MinRows(rows) => write!(f, "at least {rows} rows"),
            Self::MaxRows(1) => f.write_str("at most 1 row"),
            Self::MaxRows(rows) => write!(f, "at most {rows} rows"),
        }
    }
}

impl RawChecks {
    /// Whether there is a check that no two rows agree in no column at all.
    pub(crate) fn unique_of_nothing(&self) -> bool {
        let mut sets = self.fail.unique.iter().chain(&self.warn.unique);
        sets.any(Vec::is_empty)
    }

    /// All checks of a model; its grain is unique and not null whatever the sidecar says.
    pub(crate) fn checks(self, grain: &[String]) -> Vec<Check> {
        let mut checks: Vec<Check> = Vec::new();
        let mut add = |severity, rule| {
            let check = Check { severity, rule };
            if !checks.contains(&check) {
                checks.push(check);
            }
        };
        for column in grain {
            add(Severity::Fail, Rule::NotNull(column.clone()));
        }
        add(Severity::Fail, Rule::Unique(grain.to_vec()));
        for (severity, set) in [(Severity::Fail, self.fail), (Severity::Warn, self.warn)] {
            set.not_null
                .into_iter()
                .for_each(|column| add(severity, Rule::NotNull(column)));
            set.unique
                .into_iter()
                .for_each(|columns| add(severity, Rule::Unique(columns)));
            set.expressions
                .into_iter()
                .for_each(|expression| add(severity, Rule::Expression(expression)));
            set.min_rows
                .into_iter()
                .for_each(|rows| add(severity, Rule::MinRows(rows)));
            set.max_rows
                .into_iter()
                .for_each(|rows| add(severity, Rule::MaxRows(rows)));
        }
        checks
    }
}
