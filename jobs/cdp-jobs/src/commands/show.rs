//! `show`: what a model or a source is.

use std::fmt::Write;

use cdp_lake::type_name;
use cdp_plan::{
    AsOfDate, Fault, Layer, Manifest, Model, ParamType, Severity, Source, TableName, nearest_hint,
};
use cdp_runner::{Host, Project};
use serde::Serialize;

use super::{Context, warn};
use crate::cli::ShowArgs;
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, Result};
use crate::host::ThisProcess;
use crate::output::{Table, print_json, print_text};
use crate::project;

/// A model or source for people and machines.
#[derive(Debug, Default, Serialize)]
struct Shown {
    name: String,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    materialization: String,
    grain: Vec<String>,
    location: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ingest_time: Option<String>,
    reads: Vec<String>,
    reads_past: Vec<String>,
    read_by: Vec<String>,
    columns: Vec<Column>,
    params: Vec<Param>,
    checks: Vec<ShownCheck>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of_date: Option<AsOfDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sql: Option<String>,
}

#[derive(Debug, Serialize)]
struct Column {
    name: String,
    #[serde(rename = "type")]
    type_name: String,
    meaning: String,
}

#[derive(Debug, Serialize)]
struct Param {
    name: String,
    #[serde(rename = "type")]
    type_name: &'static str,
    value: String,
}

#[derive(Debug, Serialize)]
struct ShownCheck {
    severity: Severity,
    rule: String,
}

/// Shows one, or lists all.
pub(super) async fn show(context: &Context, args: &ShowArgs) -> Result {
    let (project, faults) = project::open_to_look(&context.settings).await?;
    warn(context, &faults);
    let Some(text) = &args.name else {
        return list(context, project.manifest());
    };
    let manifest = project.manifest();
    let name: Option<TableName> = text.parse().ok();
    let source = name.as_ref().and_then(|name| manifest.source(name));
    let model = name.as_ref().and_then(|name| manifest.model(name));
    let shown = match (source, model) {
        (Some(source), _) => of_source(&project, source)?,
        (_, Some(model)) => {
            let today = || AsOfDate::from(ThisProcess.now().date_naive());
            of_model(&project, model, args.as_of.unwrap_or_else(today))?
        }
        _ => return Err(unknown(text, manifest)),
    };
    if context.output.is_json() {
        print_json(&shown)?;
    } else {
        print_text(&told(&shown))?;
    }
    Ok(ExitStatus::Done)
}

fn unknown(text: &str, manifest: &Manifest) -> Failure {
    let sources = manifest.sources().map(|source| source.name.to_string());
    let models = manifest.models().map(|model| model.name.to_string());
    let known: Vec<String> = sources.chain(models).collect();
    let fault = Fault::new(format!("there is no model or source `{text}`"));
    Failure::usage(fault.hint(nearest_hint(text, known.iter().map(String::as_str))))
}

fn list(context: &Context, manifest: &Manifest) -> Result {
    let sources = manifest
        .sources()
        .map(|source| (&source.name, "source", source.description.as_str()));
    let models = manifest.models().map(|model| {
        (
            &model.name,
            model.materialization.name(),
            model.description.as_str(),
        )
    });
    let all: Vec<(&TableName, &str, &str)> = sources.chain(models).collect();
    if context.output.is_json() {
        let rows = all.iter().map(|(name, kind, description)| {
            serde_json::json!({ "name": name, "materialization": kind, "description": description })
        });
        print_json(&rows.collect::<Vec<_>>())?;
        return Ok(ExitStatus::Done);
    }
    let mut text = String::new();
    for layer in Layer::ALL {
        let mut table = Table::new(&[]);
        let of_layer = all.iter().filter(|(name, ..)| name.layer() == layer);
        for (name, kind, description) in of_layer {
            table.row([&name.to_string(), kind, first_sentence(description)]);
        }
        let table = table.to_string();
        if !table.is_empty() {
            let lead = if text.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{lead}{layer}\n{}", table.trim_end_matches('\n'));
        }
    }
    print_text(&text)?;
    Ok(ExitStatus::Done)
}

fn first_sentence(text: &str) -> &str {
    text.split_once(". ")
        .map_or(text, |(first, _)| first)
        .trim_end_matches('.')
}

fn names<'a>(tables: impl IntoIterator<Item = &'a TableName>) -> Vec<String> {
    tables.into_iter().map(ToString::to_string).collect()
}

fn of_source(project: &Project, source: &Source) -> Result<Shown> {
    let rules = source
        .rules
        .iter()
        .map(|(name, rule)| format!("{name}: `{rule}`"));
    let required = source
        .required
        .iter()
        .map(|column| format!("`{column}` is not null"));
    let columns = source.columns.iter().map(|(name, column_type)| Column {
        name: name.clone(),
        type_name: column_type.to_string(),
        meaning: String::new(),
    });
    Ok(Shown {
        name: source.name.to_string(),
        description: source.description.clone(),
        materialization: "source".to_owned(),
        grain: source.key.clone(),
        location: project.lake().source_url(source)?.to_string(),
        event_time: Some(source.event_time.clone()),
        ingest_time: source.ingest_time.clone(),
        read_by: names(project.manifest().read_by(&source.name)),
        columns: columns.collect(),
        checks: required
            .chain(rules)
            .map(|rule| ShownCheck {
                severity: Severity::Warn,
                rule,
            })
            .collect(),
        ..Shown::default()
    })
}

fn of_model(project: &Project, model: &Model, as_of: AsOfDate) -> Result<Shown> {
    let meaning = |column: &str| {
        let found = model.columns.iter().find(|(name, _)| name == column);
        found.map_or_else(String::new, |(_, meaning)| meaning.clone())
    };
    let columns: Vec<Column> = match project.schema(&model.name) {
        Ok(schema) => schema
            .fields()
            .iter()
            .map(|field| Column {
                name: field.name().clone(),
                type_name: type_name(field.data_type()),
                meaning: meaning(field.name()),
            })
            .collect(),
        // Its query is at fault, so there is only what the sidecar promises.
        Err(_) => model
            .columns
            .iter()
            .map(|(name, meaning)| Column {
                name: name.clone(),
                type_name: String::new(),
                meaning: meaning.clone(),
            })
            .collect(),
    };
    let params = model
        .params
        .iter()
        .map(|(name, (param_type, value))| Param {
            name: name.clone(),
            type_name: param_type_name(*param_type),
            value: value.to_string(),
        });
    let checks = model.checks.iter().map(|check| ShownCheck {
        severity: check.severity,
        rule: check.rule.to_string(),
    });
    let sql = match model.statement() {
        Some(_) => project.bound_sql(model, as_of).ok(),
        None => None,
    };
    Ok(Shown {
        name: model.name.to_string(),
        description: model.description.clone(),
        owner: Some(model.owner.clone()),
        materialization: model.materialization.name().to_owned(),
        grain: model.grain.clone(),
        location: if model.materialization.is_stored() {
            project.lake().url(&model.name)?.to_string()
        } else {
            String::new()
        },
        reads: names(project.manifest().reads(&model.name)),
        reads_past: names(&model.reads_past),
        read_by: names(project.manifest().read_by(&model.name)),
        columns,
        params: params.collect(),
        checks: checks.collect(),
        step: model.step().map(|step| step.name().to_owned()),
        as_of_date: sql.as_ref().map(|_| as_of),
        sql,
        ..Shown::default()
    })
}

fn told(shown: &Shown) -> String {
    let mut text = format!("{}\n  {}\n\n", shown.name, shown.description);
    let mut facts = Table::new(&[]);
    let mut fact = |name: &str, value: &str| {
        if !value.is_empty() {
            facts.row([name, value]);
        }
    };
    fact("kept as", &shown.materialization);
    fact("owner", shown.owner.as_deref().unwrap_or_default());
    fact("grain", &shown.grain.join(", "));
    fact("lies at", &shown.location);
    fact(
        "event time",
        shown.event_time.as_deref().unwrap_or_default(),
    );
    fact(
        "ingest time",
        shown.ingest_time.as_deref().unwrap_or_default(),
    );
    fact("step", shown.step.as_deref().unwrap_or_default());
    fact("reads", &shown.reads.join(", "));
    fact("reads past", &shown.reads_past.join(", "));
    fact("read by", &shown.read_by.join(", "));
    let _ = write!(text, "{facts}");
    let mut columns = Table::new(&[]);
    for column in &shown.columns {
        columns.row([&column.name, &column.type_name, &column.meaning]);
    }
    let _ = write!(text, "\ncolumns\n{columns}");
    if !shown.params.is_empty() {
        let mut params = Table::new(&[]);
        for param in &shown.params {
            params.row([&format!("${}", param.name), param.type_name, &param.value]);
        }
        let _ = write!(text, "\nparameters\n{params}");
    }
    if !shown.checks.is_empty() {
        let mut checks = Table::new(&[]);
        for check in &shown.checks {
            checks.row([severity_name(shown, check.severity), &check.rule]);
        }
        let when = when_checked(shown);
        let _ = write!(text, "\nchecks{when}\n{checks}");
    }
    if let (Some(sql), Some(date)) = (&shown.sql, shown.as_of_date) {
        let _ = write!(text, "\nquery as of {date}\n\n{}\n", sql.trim_end());
    }
    text
}

/// What a broken `fail` check of a model stops.
fn when_checked(shown: &Shown) -> &'static str {
    match shown.materialization.as_str() {
        "source" => "",
        "view" | "scratch" => ", before any table that reads it is made",
        _ => ", before its rows are published",
    }
}

/// A row of a source that breaks a rule is set aside, whatever else happens.
fn severity_name(shown: &Shown, severity: Severity) -> &'static str {
    match severity {
        _ if shown.event_time.is_some() => "set aside",
        Severity::Fail => "fail",
        Severity::Warn => "warn",
    }
}

fn param_type_name(param_type: ParamType) -> &'static str {
    match param_type {
        ParamType::Int => "int",
        ParamType::Float => "float",
        ParamType::String => "string",
        ParamType::Bool => "bool",
        ParamType::Date => "date",
    }
}
