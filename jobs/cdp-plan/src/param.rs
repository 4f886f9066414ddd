//! Parameters of models: declared in the sidecar, used as `$name`, bound as typed literals.

use std::collections::BTreeMap;
use std::fmt;

use cdp_churn::ChurnConfig;
use chrono::NaiveDate;
use serde::Deserialize;

use crate::date::AsOfDate;
use crate::definition::{Definition, Definitions};

/// The type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParamType {
    /// A 64-bit integer.
    Int,
    /// A 64-bit float.
    Float,
    /// Text.
    String,
    /// True or false.
    Bool,
    /// A calendar date.
    Date,
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum ParamValue {
    /// A 64-bit integer.
    Int(i64),
    /// A 64-bit float.
    Float(f64),
    /// Text.
    String(String),
    /// True or false.
    Bool(bool),
    /// A calendar date.
    Date(NaiveDate),
    /// A date that there is none of; only the runner supplies one.
    NoDate,
    /// A list of dates; only the runner supplies one.
    Dates(Vec<NaiveDate>),
    /// A list of texts, which is not empty; only the runner supplies one.
    Texts(Vec<String>),
}

impl ParamValue {
    /// Reads a TOML value as a type.
    pub fn from_toml(param_type: ParamType, value: &toml::Value) -> Result<Self, String> {
        let wrong = || {
            let found = match value {
                toml::Value::String(text) => format!("text \"{text}\""),
                other => other.to_string(),
            };
            format!("expected {}, found {found}", param_type.described())
        };
        let date = |text: &str| {
            let date = text.parse::<AsOfDate>();
            date.map(|date| Self::Date(date.date()))
        };
        match (param_type, value) {
            (ParamType::Int, toml::Value::Integer(value)) => Ok(Self::Int(*value)),
            (ParamType::Float, toml::Value::Float(value)) => Ok(Self::Float(*value)),
            (ParamType::Float, toml::Value::Integer(value)) => Ok(Self::Float(*value as f64)),
            (ParamType::String, toml::Value::String(value)) => Ok(Self::String(value.clone())),
            (ParamType::Bool, toml::Value::Boolean(value)) => Ok(Self::Bool(*value)),
            (ParamType::Date, toml::Value::Datetime(value)) => date(&value.to_string()),
            (ParamType::Date, toml::Value::String(value)) => date(value),
            _ => Err(wrong()),
        }
    }

    /// The value as a SQL expression of exactly its type.
    pub fn to_sql(&self) -> String {
        match self {
            Self::Int(value) => format!("cast({value} as bigint)"),
            Self::Float(value) => format!("cast({value:?} as double)"),
            Self::String(value) => format!("'{}'", value.replace('\'', "''")),
            Self::Bool(value) => value.to_string(),
            Self::Date(value) => format!("cast('{value}' as date)"),
            Self::NoDate => "cast(null as date)".to_owned(),
            Self::Texts(values) => {
                let texts: Vec<String> = values
                    .iter()
                    .map(|value| Self::String(value.clone()).to_sql())
                    .collect();
                format!("make_array({})", texts.join(", "))
            }
            Self::Dates(values) if values.is_empty() => {
                "array_remove(make_array(cast('1970-01-01' as date)), cast('1970-01-01' as date))"
                    .to_owned()
            }
            Self::Dates(values) => {
                let dates: Vec<String> = values
                    .iter()
                    .map(|value| format!("cast('{value}' as date)"))
                    .collect();
                format!("make_array({})", dates.join(", "))
            }
        }
    }
}

impl fmt::Display for ParamValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(value) => value.fmt(f),
            Self::Float(value) => value.fmt(f),
            Self::String(value) => value.fmt(f),
            Self::Bool(value) => value.fmt(f),
            Self::Date(value) => value.fmt(f),
            Self::NoDate => f.write_str("none"),
            Self::Texts(values) => f.write_str(&values.join(", ")),
            Self::Dates(values) => {
                let dates: Vec<String> = values.iter().map(NaiveDate::to_string).collect();
                f.write_str(&dates.join(", "))
            }
        }
    }
}

impl ParamType {
    fn described(self) -> &'static str {
        match self {
            Self::Int => "a whole number",
            Self::Float => "a number",
            Self::String => "a text",
            Self::Bool => "true or false",
            Self::Date => "a date (YYYY-MM-DD)",
        }
    }
}

/// What the run supplies to every query: its dates, and what `[churn]` in `cdp.toml` says.
pub(crate) const SUPPLIED: [&str; 11] = [
    "as_of_date",
    "churn_kind",
    CLOSING_DATES,
    "cutoff_dates",
    "eligible_within_days",
    "gap_days",
    "horizon_days",
    "lapse_days",
    "orders_min",
    PREVIOUS_DATE,
    "target_events",
];

/// The latest earlier date for which the tables in a model's `reads_past` were made.
pub(crate) const PREVIOUS_DATE: &str = "previous_date";

/// The dates of scores whose horizon closed since the previous date.
pub(crate) const CLOSING_DATES: &str = "closing_dates";

/// The dates that a task speaks of.
#[derive(Debug, Clone)]
pub struct TaskDates {
    /// The date itself.
    pub as_of: AsOfDate,
    /// The latest earlier date for which the tables in the model's `reads_past` were made.
    pub previous: Option<AsOfDate>,
    /// The cut-offs of the training, oldest first: those of its definition of churn.
    pub cutoffs: Vec<AsOfDate>,
    /// The dates of scores whose horizon closed since the previous date, oldest first: those of its
    /// definition of churn.
    pub closing: Vec<AsOfDate>,
}

impl From<AsOfDate> for TaskDates {
    /// A date with nothing before it.
    fn from(as_of: AsOfDate) -> Self {
        Self {
            as_of,
            previous: None,
            cutoffs: Vec::new(),
            closing: Vec::new(),
        }
    }
}

/// The values that a run supplies, by definition of churn.
#[derive(Debug, Clone)]
pub struct Supplied(BTreeMap<Definition, BTreeMap<String, ParamValue>>);

impl Supplied {
    /// Those of some dates.
    pub fn new(dates: &TaskDates, definitions: &Definitions) -> Self {
        let all = definitions.iter();
        let all = all.map(|(name, churn)| (name.clone(), supplied(dates, churn)));
        Self(all.collect())
    }

    /// Those of the models of a definition, or of the main one when it is not known.
    pub fn of(&self, definition: &Definition) -> &BTreeMap<String, ParamValue> {
        let own = self.0.get(definition);
        own.unwrap_or_else(|| &self.0[&Definition::MAIN])
    }
}

/// The values that a run supplies to the models of a definition.
pub(crate) fn supplied(dates: &TaskDates, churn: &ChurnConfig) -> BTreeMap<String, ParamValue> {
    let days = |days: i32| ParamValue::Int(days.into());
    let framing = churn.framing();
    let dates_of =
        |dates: &[AsOfDate]| ParamValue::Dates(dates.iter().map(|date| date.date()).collect());
    let previous = dates.previous.map(|date| ParamValue::Date(date.date()));
    BTreeMap::from([
        (
            "as_of_date".to_owned(),
            ParamValue::Date(dates.as_of.date()),
        ),
        (
            PREVIOUS_DATE.to_owned(),
            previous.unwrap_or(ParamValue::NoDate),
        ),
        ("cutoff_dates".to_owned(), dates_of(&dates.cutoffs)),
        (CLOSING_DATES.to_owned(), dates_of(&dates.closing)),
        (
            "eligible_within_days".to_owned(),
            days(churn.eligible_within_days().unwrap_or(0)),
        ),
        (
            "churn_kind".to_owned(),
            ParamValue::String(framing.kind.as_str().to_owned()),
        ),
        (
            "target_events".to_owned(),
            ParamValue::Texts(framing.target.clone()),
        ),
        ("lapse_days".to_owned(), days(framing.lapse_days)),
        ("gap_days".to_owned(), days(churn.gap_days())),
        ("horizon_days".to_owned(), days(churn.horizon_days())),
        (
            "orders_min".to_owned(),
            ParamValue::Int(churn.orders_min().into()),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_typed_literals() {
        let date = NaiveDate::from_ymd_opt(2026, 1, 31).unwrap();
        let cases = [
            (ParamValue::Int(30), "cast(30 as bigint)"),
            (ParamValue::Float(1.0), "cast(1.0 as double)"),
            (ParamValue::String("it's".into()), "'it''s'"),
            (ParamValue::Date(date), "cast('2026-01-31' as date)"),
            (ParamValue::NoDate, "cast(null as date)"),
            (
                ParamValue::Texts(vec!["a".into(), "b".into()]),
                "make_array('a', 'b')",
            ),
            (
                ParamValue::Dates(vec![date]),
                "make_array(cast('2026-01-31' as date))",
            ),
        ];
        for (value, sql) in cases {
            assert_eq!(value.to_sql(), sql);
        }
    }

    #[test]
    fn a_wrong_type_is_told() {
        let error = ParamValue::from_toml(ParamType::Int, &toml::Value::from("x")).unwrap_err();
        assert_eq!(error, "expected a whole number, found text \"x\"");
    }
}
