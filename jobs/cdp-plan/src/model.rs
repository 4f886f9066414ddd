//! A model: one table we make, from its sidecar and its query.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::check::{Check, RawChecks};
use crate::fault::{Fault, SourceFile};
use crate::materialization::{self, Materialization};
use crate::name::TableName;
use crate::nearest;
use crate::param::{PREVIOUS_DATE, ParamType, ParamValue, SUPPLIED};
use crate::statement::Statement;
use crate::toml_file;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawModel {
    description: String,
    owner: String,
    materialization: String,
    grain: Vec<String>,
    step: Option<String>,
    #[serde(default)]
    reads: Vec<String>,
    #[serde(default)]
    reads_past: Vec<String>,
    #[serde(default)]
    params: BTreeMap<String, RawParam>,
    #[serde(default)]
    columns: toml::Table,
    #[serde(default)]
    checks: RawChecks,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawParam {
    #[serde(rename = "type")]
    param_type: ParamType,
    default: toml::Value,
}

/// What a model does that SQL cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Evidence into identifiers and the profile each belongs to.
    ResolveIdentities,
    /// Labelled features into a model.
    TrainChurn,
    /// Features and a model into probabilities.
    ScoreChurn,
    /// Features and a model into reasons.
    ExplainChurn,
    /// All segment views into one table of members.
    CollectSegments,
}

impl Step {
    const NAMES: [(&'static str, Self); 5] = [
        ("resolve_identities", Self::ResolveIdentities),
        ("train_churn", Self::TrainChurn),
        ("score_churn", Self::ScoreChurn),
        ("explain_churn", Self::ExplainChurn),
        ("collect_segments", Self::CollectSegments),
    ];

    /// The name as written in a sidecar.
    pub fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, value)| *value == self)
            .map_or("", |(name, _)| name)
    }
}

impl FromStr for Step {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let found = Self::NAMES.iter().find(|(name, _)| *name == text);
        found.map(|(_, value)| *value).ok_or(())
    }
}

/// How a model's rows come about.
#[derive(Debug, Clone)]
pub enum Body {
    /// One query.
    Sql(Statement),
    /// A step in Rust, and the tables that it reads (`layer.*` not yet expanded).
    Step {
        /// Which step.
        step: Step,
        /// What the sidecar says it reads.
        reads: Vec<String>,
    },
}

/// One table we make.
#[derive(Debug, Clone)]
pub struct Model {
    /// `layer.name`.
    pub name: TableName,
    /// What it holds, ending with its grain.
    pub description: String,
    /// Who answers for it.
    pub owner: String,
    /// What is kept.
    pub materialization: Materialization,
    /// The columns that identify a row.
    pub grain: Vec<String>,
    /// What each column means.
    pub columns: Vec<(String, String)>,
    /// The parameters with their types and values (project settings included).
    pub params: BTreeMap<String, (ParamType, ParamValue)>,
    /// What must hold for its rows.
    pub checks: Vec<Check>,
    /// How its rows come about.
    pub body: Body,
    /// Tables whose earlier partitions it reads.
    pub reads_past: Vec<TableName>,
    /// The sidecar.
    pub sidecar: SourceFile,
}

impl Model {
    /// The statement, when the model is a query.
    pub fn statement(&self) -> Option<&Statement> {
        match &self.body {
            Body::Sql(statement) => Some(statement),
            Body::Step { .. } => None,
        }
    }

    /// The step, when the model is one.
    pub fn step(&self) -> Option<Step> {
        match &self.body {
            Body::Step { step, .. } => Some(*step),
            Body::Sql(_) => None,
        }
    }

    /// Whether it reads the features of earlier cut-offs.
    pub fn reads_cutoffs(&self) -> bool {
        match &self.body {
            Body::Step { step, .. } => *step == Step::TrainChurn,
            Body::Sql(statement) => statement
                .params()
                .iter()
                .any(|(name, _)| name == "cutoff_dates"),
        }
    }

    /// The values that the sidecar and the project give to the parameters.
    pub fn param_values(&self) -> BTreeMap<String, ParamValue> {
        let values = self.params.iter();
        values
            .map(|(name, (_, value))| (name.clone(), value.clone()))
            .collect()
    }

    /// Reads a sidecar and its query; faults are added to the list.
    pub(crate) fn read(
        name: TableName,
        sidecar: &SourceFile,
        query: Option<&SourceFile>,
        faults: &mut Vec<Fault>,
    ) -> Option<Self> {
        let before = faults.len();
        let raw = toml_file::read::<RawModel>(sidecar, faults);
        let statement = query.map(|file| Statement::parse(file, faults));
        let raw = raw?;
        let materialization = materialization::read(sidecar, &raw.materialization, faults);
        let params = params(sidecar, &raw.params, faults);
        let reads_past = reads_past(sidecar, &raw.reads_past, faults);
        if raw.grain.is_empty() {
            let at = key(sidecar, "grain");
            faults.push(Fault::new("`grain` names no column").at(sidecar, at));
        }
        if raw.checks.unique_of_nothing() {
            let at = sidecar.find("[]").unwrap_or(0..0);
            faults.push(Fault::new("a check of `unique` names no column").at(sidecar, at));
        }
        let body = match statement {
            Some(statement) => {
                let statement = statement?;
                params_fit(sidecar, &statement, &raw.params, faults);
                previous_fits(&statement, &reads_past, faults);
                Body::Sql(statement)
            }
            None => body_of_step(sidecar, raw.step.as_deref(), &raw.reads, faults)?,
        };
        if query.is_some() && raw.step.is_some() {
            let fault = Fault::new("a model is either a query or a step, this one is both")
                .hint("drop `step`, or delete the .sql file")
                .at(sidecar, key(sidecar, "step"));
            faults.push(fault);
        }
        let materialization = materialization?;
        if materialization == Materialization::Partition
            && !raw.grain.iter().any(|column| column == "as_of_date")
        {
            let fault = Fault::new("the grain of a `partition` table holds `as_of_date`")
                .at(sidecar, key(sidecar, "grain"));
            faults.push(fault);
        }
        let is_step = matches!(body, Body::Step { .. });
        materialization::fits(materialization, name.layer(), is_step, sidecar, faults);
        if let (Body::Sql(statement), false) = (&body, materialization.is_stored()) {
            no_previous(statement, faults);
        }
        (faults.len() == before).then(|| Self {
            name,
            description: raw.description,
            owner: raw.owner,
            materialization,
            checks: raw.checks.checks(&raw.grain),
            grain: raw.grain,
            columns: columns(&raw.columns),
            params,
            body,
            reads_past,
            sidecar: sidecar.clone(),
        })
    }
}

/// The byte range of a top-level key, for messages.
fn key(file: &SourceFile, key: &str) -> std::ops::Range<usize> {
    file.find(&format!("\n{key}"))
        .map_or(0..0, |range| range.start + 1..range.end)
}

fn params(
    file: &SourceFile,
    raw: &BTreeMap<String, RawParam>,
    faults: &mut Vec<Fault>,
) -> BTreeMap<String, (ParamType, ParamValue)> {
    let mut params = BTreeMap::new();
    for (name, param) in raw {
        if SUPPLIED.contains(&name.as_str()) {
            faults.push(
                Fault::new(format!(
                    "`{name}` is supplied by the run and can't be declared"
                ))
                .at(file, key(file, name)),
            );
        }
        match ParamValue::from_toml(param.param_type, &param.default) {
            Ok(value) => {
                params.insert(name.clone(), (param.param_type, value));
            }
            Err(error) => faults.push(
                Fault::new(format!("the default of parameter `{name}`: {error}"))
                    .at(file, key(file, name)),
            ),
        }
    }
    params
}

/// Declared = used, both ways.
fn params_fit(
    sidecar: &SourceFile,
    statement: &Statement,
    declared: &BTreeMap<String, RawParam>,
    faults: &mut Vec<Fault>,
) {
    for (name, range) in statement.params() {
        if declared.contains_key(name) || SUPPLIED.contains(&name.as_str()) {
            continue;
        }
        let known = declared.keys().map(String::as_str).chain(SUPPLIED);
        let hint = nearest::nearest(name, known).map_or_else(
            || format!("declare it under `[params]` in {}", sidecar.path()),
            |near| format!("did you mean `${near}`?"),
        );
        faults.push(
            Fault::new(format!("the parameter `${name}` is not declared"))
                .hint(hint)
                .at(statement.file(), range.clone()),
        );
    }
    for name in declared.keys() {
        if !statement.params().iter().any(|(used, _)| used == name) {
            faults.push(
                Fault::new(format!("the parameter `{name}` is declared but never used"))
                    .hint(format!("use `${name}` in the query, or drop it here"))
                    .at(sidecar, key(sidecar, name)),
            );
        }
    }
}

/// `$previous_date` is a date of the tables whose past is read.
fn previous_fits(statement: &Statement, reads_past: &[TableName], faults: &mut Vec<Fault>) {
    let used = statement
        .params()
        .iter()
        .find(|(name, _)| name == PREVIOUS_DATE);
    if let (Some((_, range)), true) = (used, reads_past.is_empty()) {
        let message = "`$previous_date` is the latest earlier date of the tables in `reads_past`, \
                       and there are none";
        faults.push(
            Fault::new(message)
                .hint("name the table in `reads_past` of the sidecar")
                .at(statement.file(), range.clone()),
        );
    }
}

/// What is inlined has the previous date of whoever reads it, so no check could see the same rows.
fn no_previous(statement: &Statement, faults: &mut Vec<Fault>) {
    let mut params = statement.params().iter();
    if let Some((_, range)) = params.find(|(name, _)| name == PREVIOUS_DATE) {
        faults.push(
            Fault::new("a view or scratch model has no `$previous_date`")
                .hint("make it a `partition`, or ask for the date in the model that reads it")
                .at(statement.file(), range.clone()),
        );
    }
}

fn reads_past(file: &SourceFile, raw: &[String], faults: &mut Vec<Fault>) -> Vec<TableName> {
    let mut names = Vec::new();
    for text in raw {
        match text.parse() {
            Ok(name) => names.push(name),
            Err(error) => faults.push(
                Fault::new(format!("`reads_past`: {error}")).at(file, key(file, "reads_past")),
            ),
        }
    }
    names
}

fn body_of_step(
    file: &SourceFile,
    step: Option<&str>,
    reads: &[String],
    faults: &mut Vec<Fault>,
) -> Option<Body> {
    let Some(text) = step else {
        let sql = file.path().replace(".toml", ".sql");
        faults.push(
            Fault::new(format!("there is no query beside it: `{sql}`"))
                .hint("write the query, or name a `step`")
                .in_file(file),
        );
        return None;
    };
    let Ok(step) = text.parse() else {
        let names = Step::NAMES.iter().map(|(name, _)| *name);
        faults.push(
            Fault::new(format!("`{text}` is not a step"))
                .hint(nearest::hint(text, names))
                .at(file, key(file, "step")),
        );
        return None;
    };
    let reads = reads.to_vec();
    Some(Body::Step { step, reads })
}

fn columns(table: &toml::Table) -> Vec<(String, String)> {
    table
        .iter()
        .map(|(name, text)| (name.clone(), text.as_str().unwrap_or_default().to_owned()))
        .collect()
}
