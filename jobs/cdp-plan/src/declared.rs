//! The parameters that a sidecar declares, against those that its query uses.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::fault::{Fault, SourceFile};
use crate::name::TableName;
use crate::nearest;
use crate::param::{PREVIOUS_DATE, ParamType, ParamValue, SUPPLIED};
use crate::statement::Statement;

/// A parameter as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawParam {
    #[serde(rename = "type")]
    param_type: ParamType,
    default: toml::Value,
}

/// The declared parameters with their defaults.
pub(crate) fn params(
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
                .at_key(file, &["params", name]),
            );
        }
        match ParamValue::from_toml(param.param_type, &param.default) {
            Ok(value) => {
                params.insert(name.clone(), (param.param_type, value));
            }
            Err(error) => faults.push(
                Fault::new(format!("the default of parameter `{name}`: {error}"))
                    .at_key(file, &["params", name]),
            ),
        }
    }
    params
}

/// Declared = used, both ways.
pub(crate) fn params_fit(
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
                    .at_key(sidecar, &["params", name]),
            );
        }
    }
}

/// `$previous_date` is a date of the tables whose past is read.
pub(crate) fn previous_fits(
    statement: &Statement,
    reads_past: &[TableName],
    faults: &mut Vec<Fault>,
) {
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
pub(crate) fn no_previous(statement: &Statement, faults: &mut Vec<Fault>) {
    let mut params = statement.params().iter();
    if let Some((_, range)) = params.find(|(name, _)| name == PREVIOUS_DATE) {
        faults.push(
            Fault::new("a view or scratch model has no `$previous_date`")
                .hint("make it a `partition`, or ask for the date in the model that reads it")
                .at(statement.file(), range.clone()),
        );
    }
}
