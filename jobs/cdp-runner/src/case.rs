//! Tests of models as data: a folder with given rows and the rows that are expected.
//!
//! `<cases>/<layer>.<model>/<case>/` holds `case.toml` (`as_of_date`, and `cutoff_dates`, `closing_dates` and `previous_date`
//! where the model uses them, and a `[churn]` table in place of the project's), `given/<layer>.<table>.csv` for each table that is not empty, and `expect.csv`,
//! whose header says which columns are compared.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cdp_churn::{ChurnConfig, RawChurnConfig};
use cdp_lake::{
    Catalog, ErrorKind, LakeError, column_names, csv_lines, line, rows_from_csv, rows_to_csv,
};
use cdp_plan::{AsOfDate, Definitions, Supplied, TableName, TaskDates};
use serde::Deserialize;

use crate::project::Project;

/// How one case went.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct CaseResult {
    /// The model and the case: `features.order_features/late_order`.
    pub name: String,
    /// Whether the model gave the expected rows.
    pub passed: bool,
    /// What differs, or what could not be read; empty when it passed.
    pub message: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCase {
    as_of_date: String,
    #[serde(default)]
    cutoff_dates: Vec<String>,
    #[serde(default)]
    closing_dates: Vec<String>,
    previous_date: Option<String>,
    churn: Option<RawChurnConfig>,
}

impl Project {
    /// Runs every case below a folder; `update` writes what the models give as what is expected.
    pub async fn test(&self, dir: &Path, update: bool) -> Result<Vec<CaseResult>, LakeError> {
        let mut results = Vec::new();
        for model in folders(dir)? {
            for case in folders(&model)? {
                let name = format!("{}/{}", file_name(&model), file_name(&case));
                let message = match self.case(&file_name(&model), &case, update).await {
                    Ok(message) => message,
                    Err(error) => Some(match error.hint_text() {
                        Some(hint) => format!("{error}\nhint: {hint}"),
                        None => error.to_string(),
                    }),
                };
                results.push(CaseResult {
                    name,
                    passed: message.is_none(),
                    message: message.unwrap_or_default(),
                });
            }
        }
        Ok(results)
    }

    /// What differs, if anything does.
    async fn case(
        &self,
        model: &str,
        dir: &Path,
        update: bool,
    ) -> Result<Option<String>, LakeError> {
        let model = self
            .manifest()
            .expect_model(model)
            .map_err(|fault| input(&fault, dir).hint(fault.hint_text().unwrap_or_default()))?;
        let text = read(&dir.join("case.toml"))?;
        let raw: RawCase = toml::from_str(&text).map_err(|error| input(&error, dir))?;
        let as_of: AsOfDate = raw.as_of_date.parse().map_err(|error| input(&error, dir))?;
        let date = |text: &String| text.parse().map_err(|error: String| input(&error, dir));
        let dates_of = |texts: &[String]| texts.iter().map(date).collect::<Result<_, _>>();
        let dates = TaskDates {
            as_of,
            previous: raw.previous_date.as_ref().map(date).transpose()?,
            cutoffs: dates_of(&raw.cutoff_dates)?,
            closing: dates_of(&raw.closing_dates)?,
        };
        let given = self.given(&dir.join("given"))?;
        let reads = self.manifest().reads(&model.name);
        let unread = given
            .keys()
            .find(|name| !reads.contains(name) && !model.reads_past.contains(name));
        if let Some(name) = unread {
            let message = format!("`{name}` is given, and `{}` does not read it", model.name);
            return Err(input(&message, dir));
        }
        let values = match &raw.churn {
            None => self.values(&dates),
            Some(raw) => {
                let churn = ChurnConfig::from_raw(raw).map_err(|faults| {
                    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
                    input(&faults.join("; "), dir)
                })?;
                Supplied::new(&dates, &Definitions::main_only(churn))
            }
        };
        let catalog = Catalog::new(self.tables()?, Some(as_of), values)?.with_given(given);
        let batches = catalog.model_rows(model).await?;
        let path = dir.join("expect.csv");
        let expected = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(_) if update => String::new(),
            Err(error) => return Err(input(&error, &path)),
        };
        let (mut columns, wanted) =
            csv_lines(&expected).map_err(|error| error.with("file", path.display()))?;
        if columns.iter().all(String::is_empty) {
            columns = column_names(self.schema(&model.name)?.as_ref());
        }
        let found = rows_to_csv(&batches, &columns)?;
        if update {
            let mut text = line(&columns)?;
            for row in &found {
                text.push('\n');
                text.push_str(row);
            }
            text.push('\n');
            fs::write(&path, text).map_err(|error| input(&error, &path))?;
            return Ok(None);
        }
        Ok(difference(&wanted, &found))
    }

    fn given(
        &self,
        dir: &Path,
    ) -> Result<BTreeMap<TableName, arrow::record_batch::RecordBatch>, LakeError> {
        let mut given = BTreeMap::new();
        let Ok(entries) = fs::read_dir(dir) else {
            return Ok(given);
        };
        for entry in entries.flatten() {
            let path = entry.path();
            let name = file_name(&path);
            let Some(name) = name.strip_suffix(".csv") else {
                continue;
            };
            let table: TableName = name.parse().map_err(|error| input(&error, &path))?;
            let schema = self.schema(&table)?;
            let shown = path.display().to_string();
            let rows = rows_from_csv(&schema, &read(&path)?, &shown)?;
            given.insert(table, rows);
        }
        Ok(given)
    }
}

fn difference(wanted: &[String], found: &[String]) -> Option<String> {
    if wanted == found {
        return None;
    }
    let missing = wanted.iter().filter(|row| !found.contains(row));
    let extra = found.iter().filter(|row| !wanted.contains(row));
    let mut lines: Vec<String> = missing.map(|row| format!("- {row}")).collect();
    lines.extend(extra.map(|row| format!("+ {row}")));
    if lines.is_empty() {
        lines.push("the same rows, but not as often".to_owned());
    }
    Some(lines.join("\n"))
}

fn input(error: &impl std::fmt::Display, path: &Path) -> LakeError {
    LakeError::new(ErrorKind::Input, error.to_string()).with("file", path.display())
}

fn read(path: &Path) -> Result<String, LakeError> {
    fs::read_to_string(path).map_err(|error| input(&error, path))
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn folders(dir: &Path) -> Result<Vec<PathBuf>, LakeError> {
    let entries = fs::read_dir(dir).map_err(|error| input(&error, dir))?;
    let mut folders: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    Ok(folders)
}
