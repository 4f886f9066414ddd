//! `[vars]` of `cdp.toml`: values of parameters of models.

use std::collections::BTreeMap;

use crate::fault::{Fault, SourceFile};
use crate::model::Model;
use crate::name::TableName;
use crate::nearest;
use crate::param::ParamValue;

/// The values that a project's `[vars]` gives to parameters, by model and parameter.
pub type Vars = BTreeMap<String, BTreeMap<String, toml::Value>>;

/// Gives parameters these values; faults are added to the list.
pub(crate) fn apply(
    models: &mut BTreeMap<TableName, Model>,
    vars: &Vars,
    config: &SourceFile,
    faults: &mut Vec<Fault>,
) {
    for (model_name, values) in vars {
        let known: Vec<String> = models.keys().map(TableName::to_string).collect();
        let name = model_name.parse().ok();
        let Some(model) = name.and_then(|name: TableName| models.get_mut(&name)) else {
            faults.push(
                Fault::new(format!(
                    "`[vars]` names `{model_name}`, which is not a model"
                ))
                .hint(nearest::hint(model_name, known.iter().map(String::as_str)))
                .at_key(config, &["vars", model_name]),
            );
            continue;
        };
        for (param, value) in values {
            let path = ["vars", model_name, param];
            let Some((param_type, current)) = model.params.get_mut(param) else {
                let names: Vec<&str> = model.params.keys().map(String::as_str).collect();
                faults.push(
                    Fault::new(format!("`{model_name}` has no parameter `{param}`"))
                        .hint(nearest::hint(param, names.iter().copied()))
                        .at_key(config, &path),
                );
                continue;
            };
            match ParamValue::from_toml(*param_type, value) {
                Ok(value) => *current = value,
                Err(error) => faults.push(
                    Fault::new(format!("`{param}` of `{model_name}`: {error}"))
                        .at_key(config, &path),
                ),
            }
        }
    }
}
