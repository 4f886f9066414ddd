//! A model: one table we make, from its sidecar and its query.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::check::{Check, RawChecks};
use crate::declared::{RawParam, no_previous, params, params_fit, previous_fits};
use crate::definition::Definition;
use crate::fault::{Fault, SourceFile};
use crate::materialization::{self, Materialization};
use crate::name::TableName;
use crate::nearest;
use crate::param::{CLOSING_DATES, ParamType, ParamValue};
use crate::sentence::{self, Sentence, Told};
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
    sentences: BTreeMap<String, String>,
    #[serde(default)]
    checks: RawChecks,
}

/// What a model does that SQL cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Records into weights: how often they agree when they are one, and when they are not.
    TrainLinkage,
    /// Records and weights into pairs that are likely one.
    LinkRecords,
    /// Evidence into identifiers and the profile each belongs to.
    ResolveIdentities,
    /// Evidence into what resolving it did not do, and why.
    ListViolations,
    /// Evidence into what became of the profiles of before.
    ListChanges,
    /// Evidence into figures that tell how sound the profiles are.
    IdentityFigures,
    /// Labelled features into a model.
    TrainChurn,
    /// Features and a model into probabilities.
    ScoreChurn,
    /// Features and a model into reasons.
    ExplainChurn,
    /// Features and a model into how far both have moved since its training.
    MeasureDrift,
    /// Orders into what customers will be worth.
    ValueCustomers,
    /// All segment views into one table of members.
    CollectSegments,
}

impl Step {
    /// Whether what it does depends on the definition of churn, of which there may be several.
    pub(crate) fn is_of_churn(self) -> bool {
        matches!(
            self,
            Self::TrainChurn | Self::ScoreChurn | Self::ExplainChurn | Self::MeasureDrift
        )
    }

    const NAMES: [(&'static str, Self); 12] = [
        ("train_linkage", Self::TrainLinkage),
        ("link_records", Self::LinkRecords),
        ("resolve_identities", Self::ResolveIdentities),
        ("list_violations", Self::ListViolations),
        ("list_changes", Self::ListChanges),
        ("identity_figures", Self::IdentityFigures),
        ("train_churn", Self::TrainChurn),
        ("score_churn", Self::ScoreChurn),
        ("explain_churn", Self::ExplainChurn),
        ("measure_drift", Self::MeasureDrift),
        ("value_customers", Self::ValueCustomers),
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
    /// A query that is at fault, in a project that is only looked at.
    Unread,
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
    /// How people are told the value of a column, where its meaning does not say it well.
    pub sentences: BTreeMap<String, Sentence>,
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
    /// The definition of churn that it is of.
    pub definition: Definition,
    /// The model of the main definition that it stands for, when it is of another.
    pub stands_for: Option<TableName>,
}

impl Model {
    /// The statement, when the model is a query.
    pub fn statement(&self) -> Option<&Statement> {
        match &self.body {
            Body::Sql(statement) => Some(statement),
            Body::Step { .. } | Body::Unread => None,
        }
    }

    /// The step, when the model is one.
    pub fn step(&self) -> Option<Step> {
        match &self.body {
            Body::Step { step, .. } => Some(*step),
            Body::Sql(_) | Body::Unread => None,
        }
    }

    /// Whether it reads the features of earlier cut-offs.
    pub fn reads_cutoffs(&self) -> bool {
        self.step() == Some(Step::TrainChurn) || self.takes("cutoff_dates")
    }

    /// Whether it reads scores whose horizon has closed.
    pub fn reads_closed(&self) -> bool {
        self.takes(CLOSING_DATES)
    }

    fn takes(&self, param: &str) -> bool {
        let params = self.statement().map(Statement::params);
        params.is_some_and(|params| params.iter().any(|(name, _)| name == param))
    }

    /// Whether it is not made for every date: what reads it takes the latest there is, if any.
    pub fn has_own_rhythm(&self) -> bool {
        self.reads_cutoffs() || self.step() == Some(Step::TrainLinkage)
    }

    /// The value of a column as people are told it: by its sentence, and otherwise by its meaning.
    pub fn tell<'v>(&self, column: &str, value: &impl Fn(&str) -> Option<Told<'v>>) -> String {
        let sentence = self.sentences.get(column);
        if let Some(told) = sentence.and_then(|sentence| sentence.tell(value)) {
            return told;
        }
        let meaning = self.columns.iter().find(|(name, _)| name == column);
        let meaning = meaning.map_or(column, |(_, meaning)| meaning);
        let meaning = meaning.split(';').next().unwrap_or(meaning);
        let value = match value(column) {
            None => "none".to_owned(),
            Some(Told::Number(number)) => sentence::short(number),
            Some(Told::Text(text)) => text.to_owned(),
        };
        format!("{meaning}: {value}")
    }

    /// The values that the sidecar and the project give to the parameters.
    pub fn param_values(&self) -> BTreeMap<String, ParamValue> {
        let values = self.params.iter();
        values
            .map(|(name, (_, value))| (name.clone(), value.clone()))
            .collect()
    }

    /// Reads a sidecar and its query; faults are added to the list. A sound sidecar stands for its
    /// model even when the query is at fault.
    pub(crate) fn read(
        name: TableName,
        sidecar: &SourceFile,
        query: Option<&SourceFile>,
        faults: &mut Vec<Fault>,
    ) -> Option<Self> {
        let mut before = faults.len();
        let raw = toml_file::read::<RawModel>(sidecar, faults);
        let whole = faults.len() == before;
        let so_far = faults.len();
        let statement = query.map(|file| Statement::parse(file, faults));
        before += faults.len() - so_far;
        let raw = raw?;
        let materialization = materialization::read(sidecar, &raw.materialization, faults);
        let params = params(sidecar, &raw.params, faults);
        let reads_past = reads_past(sidecar, &raw.reads_past, faults);
        let sentences = sentences(sidecar, &raw, faults);
        if raw.grain.is_empty() {
            faults.push(Fault::new("`grain` names no column").at_key(sidecar, &["grain"]));
        }
        if raw.checks.unique_of_nothing() {
            faults.push(Fault::new("a check of `unique` names no column").at_text(
                sidecar,
                &["checks"],
                "[]",
            ));
        }
        let body = match statement {
            Some(None) => Body::Unread,
            Some(Some(statement)) => {
                // An entry at fault was left out above, and would be missed here.
                if whole {
                    params_fit(sidecar, &statement, &raw.params, faults);
                    previous_fits(&statement, &reads_past, faults);
                }
                Body::Sql(statement)
            }
            None => body_of_step(sidecar, raw.step.as_deref(), &raw.reads, faults)?,
        };
        if query.is_some() && raw.step.is_some() {
            let fault = Fault::new("a model is either a query or a step, this one is both")
                .hint("drop `step`, or delete the .sql file")
                .at_key(sidecar, &["step"]);
            faults.push(fault);
        }
        let materialization = materialization?;
        if materialization.is_dated() && !raw.grain.iter().any(|column| column == "as_of_date") {
            let fault = Fault::new(format!(
                "the grain of a `{}` table holds `as_of_date`",
                materialization.name()
            ))
            .at_key(sidecar, &["grain"]);
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
            sentences,
            params,
            body,
            reads_past,
            sidecar: sidecar.clone(),
            definition: Definition::MAIN,
            stands_for: None,
        })
    }
}

fn reads_past(file: &SourceFile, raw: &[String], faults: &mut Vec<Fault>) -> Vec<TableName> {
    let mut names = Vec::new();
    for text in raw {
        match text.parse() {
            Ok(name) => names.push(name),
            Err(error) => faults
                .push(Fault::new(format!("`reads_past`: {error}")).at_key(file, &["reads_past"])),
        }
    }
    names
}

/// Sentences about columns, of columns that the sidecar names.
fn sentences(
    file: &SourceFile,
    raw: &RawModel,
    faults: &mut Vec<Fault>,
) -> BTreeMap<String, Sentence> {
    let mut sentences = BTreeMap::new();
    for (column, text) in &raw.sentences {
        let mut fault = |message: String, hint: Option<String>| {
            let fault = Fault::new(message).at_key(file, &["sentences", column]);
            faults.push(match hint {
                Some(hint) => fault.hint(hint),
                None => fault,
            });
        };
        match Sentence::parse(text) {
            Err(error) => fault(format!("the sentence of `{column}`: {error}"), None),
            Ok(sentence) => {
                let named = sentence.columns();
                for name in named.iter().copied().chain([column.as_str()]) {
                    if !raw.columns.contains_key(name) {
                        let known: Vec<&str> = raw.columns.keys().map(String::as_str).collect();
                        let known = known.iter().copied();
                        let message = format!("there is no column `{name}` under `[columns]`");
                        fault(message, Some(nearest::hint(name, known)));
                    }
                }
                sentences.insert(column.clone(), sentence);
            }
        }
    }
    sentences
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
                .at_key(file, &["step"]),
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
