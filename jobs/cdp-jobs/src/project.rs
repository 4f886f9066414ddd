//! Reads a project: `cdp.toml`, the models of the program and those of its `sql/` folder.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind as IoKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cdp_lake::{Engine, ErrorKind, Lake, LakeError};
use cdp_plan::{Base, Config, Fault, Faults, Manifest, ModelSettings, SourceFile, TreeFile, Vars};
use cdp_runner::Project;
use url::Url;

use crate::builtin;
use crate::cli::DefinitionArgs;
use crate::failure::{Failure, Result};
use crate::settings::Settings;

/// The name of the configuration file.
pub(crate) const CONFIG: &str = "cdp.toml";
const SOURCES: &str = "sources.toml";
/// What the URL of a lake may begin with.
const SCHEMES: [&str; 9] = [
    "file", "s3", "s3a", "gs", "az", "azure", "adl", "abfs", "abfss",
];

/// A project whose files, queries and lake URL have no fault. No lake is touched.
pub(crate) async fn open(settings: &Settings) -> Result<Project> {
    let (project, faults) = open_to_look(settings).await?;
    Faults::check(faults)?;
    Ok(project)
}

/// The same, asked for the definition of churn that was typed.
pub(crate) async fn open_by(settings: &Settings, args: &DefinitionArgs) -> Result<Project> {
    let project = open(settings).await?;
    match &args.definition {
        Some(name) => project
            .of_definition(name)
            .map_err(|fault| Failure::usage(*fault)),
        None => Ok(project),
    }
}

/// A project to be looked at, and the faults of its models: only a configuration or sources that
/// can't be read are an error.
pub(crate) async fn open_to_look(settings: &Settings) -> Result<(Project, Vec<Fault>)> {
    let files = Files::read(settings)?;
    let mut faults = files.faults;
    let config = Config::read(&files.config, &mut faults);
    let base = config
        .as_ref()
        .map_or_else(|| base_of(&files.config), |config| config.base);
    let tree = overlay(base, files.tree);
    if base == Base::None && tree.is_empty() {
        faults.push(
            Fault::new(format!("there is no model in `{}`", settings.shown("sql/")))
                .hint("set `base = \"builtin\"` under `[project]`, or write a model")
                .in_file(&files.config),
        );
    }
    let url = match &config {
        Some(config) => lake_url(settings, config, &files.config)
            .map_err(|fault| faults.push(*fault))
            .ok(),
        None => None,
    };
    let vars = config
        .as_ref()
        .map_or_else(Vars::new, |config| config.vars.clone());
    let of_models = ModelSettings {
        file: &files.config,
        vars: &vars,
        definitions: config.as_ref().map(|config| &config.churn),
    };
    let manifest = Manifest::read(&tree, &of_models, &mut faults);
    let is_elsewhere = |fault: &Fault| {
        let file = fault.place().map_or("", |place| place.file.as_str());
        let extension = Path::new(file).extension().and_then(OsStr::to_str);
        extension == Some("sql") || (extension == Some("toml") && !file.ends_with(SOURCES))
    };
    let can_look = faults.iter().all(is_elsewhere);
    let (Some(mut config), Some(url), true) = (config, url, can_look) else {
        Faults::check(faults)?;
        unreachable!("without faults there is a configuration and a lake")
    };
    let spill_dir = config.engine.spill_dir.as_ref();
    config.engine.spill_dir =
        spill_dir.map(|dir| settings.project_dir.join(dir).display().to_string());
    let engine = Engine::new(&config.engine, Arc::new(config.identity.clone()))?;
    let lake = Lake::new(url, config.storage_options.clone(), engine);
    let was_sound = faults.is_empty();
    let (project, found) = Project::read(config, manifest, lake).await?;
    // After a fault of a file, one of a query may only follow from it.
    if was_sound {
        faults = found;
    }
    Ok((project, faults))
}

/// Refuses a lake on this machine that is not there, which would read as an empty one.
pub(crate) fn expect_lake(project: &Project, settings: &Settings) -> Result<()> {
    let elsewhere = project
        .manifest()
        .sources()
        .any(|source| source.location.is_some());
    let root = project.lake().root();
    let path = root.to_file_path().ok().filter(|_| root.scheme() == "file");
    match path {
        Some(path) if !elsewhere && !path.exists() => {
            let path = path.display().to_string();
            let hint = format!(
                "`cdp-jobs load{} SOURCE FILES…` makes it; or correct `lake.url` in `{}`, or `--lake`",
                settings.project_flag(),
                settings.shown(CONFIG),
            );
            let message = format!("there is no lake at `{}`", path.trim_end_matches('/'));
            Err(LakeError::new(ErrorKind::NotFound, message)
                .hint(hint)
                .into())
        }
        _ => Ok(()),
    }
}

/// What a person wrote, and what of it could not be read.
struct Files {
    config: SourceFile,
    tree: Vec<TreeFile>,
    faults: Vec<Fault>,
}

impl Files {
    fn read(settings: &Settings) -> Result<Self> {
        let config = read_config(settings)?;
        let mut files = Self {
            config,
            tree: Vec::new(),
            faults: Vec::new(),
        };
        files.walk(settings, &settings.project_dir.join("sql"), "");
        files.tree.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// Adds the files of a folder; `below` is its path below `sql/`, ending with a slash.
    fn walk(&mut self, settings: &Settings, folder: &Path, below: &str) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if below.is_empty() && error.kind() == IoKind::NotFound => return,
            Err(error) => {
                let shown = settings.shown(&format!("sql/{below}"));
                self.faults
                    .push(Fault::new(format!("cannot read `{shown}`: {error}")));
                return;
            }
        };
        for entry in entries.filter_map(std::result::Result::ok) {
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let path = format!("{below}{name}");
            if entry.path().is_dir() {
                if !name.starts_with('.') {
                    self.walk(settings, &entry.path(), &format!("{path}/"));
                }
            } else if builtin::is_model_file(&path) {
                self.add(settings, path, &entry.path());
            }
        }
    }

    fn add(&mut self, settings: &Settings, path: String, file: &Path) {
        let shown = settings.shown(&format!("sql/{path}"));
        match fs::read_to_string(file) {
            Ok(text) => self.tree.push(TreeFile {
                path,
                file: SourceFile::new(shown, text),
            }),
            Err(error) => {
                let file = SourceFile::new(shown, "");
                self.faults
                    .push(Fault::new(format!("cannot be read: {error}")).in_file(&file));
            }
        }
    }
}

fn read_config(settings: &Settings) -> Result<SourceFile> {
    let dir = &settings.project_dir;
    let fault = match fs::read_to_string(dir.join(CONFIG)) {
        Ok(text) => return Ok(SourceFile::new(settings.shown(CONFIG), text)),
        Err(error) if error.kind() == IoKind::NotFound => {
            Fault::new(format!("there is no `{CONFIG}` in `{}`", dir.display())).hint(
                "name a project with `--project DIR`; `cdp-jobs init DIR` makes one, \
                 `cdp-jobs demo` one with sample data",
            )
        }
        Err(error) => Fault::new(format!("cannot read `{}`: {error}", settings.shown(CONFIG))),
    };
    Err(Faults::from(fault).into())
}

/// The base that a faulty file seems to mean, so that its models can be checked all the same.
fn base_of(config: &SourceFile) -> Base {
    let says_none = config.text().lines().any(|line| {
        let (key, value) = line.split_once('=').unwrap_or_default();
        key.trim() == "base" && value.trim().starts_with("\"none\"")
    });
    if says_none { Base::None } else { Base::Builtin }
}

/// The models of the program with those of the project over them, path by path. Of the lists of
/// sources both stay: the project's comes later, and what it declares wins by name.
fn overlay(base: Base, mut project: Vec<TreeFile>) -> Vec<TreeFile> {
    // `init` copies all of them; a copy that nobody changed is still the program's.
    let ours: BTreeMap<String, SourceFile> = builtin::models()
        .into_iter()
        .map(|file| (file.path, file.file))
        .collect();
    for TreeFile { path, file } in &mut project {
        if ours
            .get(path)
            .is_some_and(|ours| ours.text() == file.text())
        {
            *file = file.clone().builtin();
        }
    }
    if base == Base::None {
        return project;
    }
    let mut sources = Vec::new();
    let mut models: BTreeMap<String, TreeFile> = BTreeMap::new();
    for file in builtin::models().into_iter().chain(project) {
        if file.path == SOURCES {
            sources.push(file);
        } else {
            models.insert(file.path.clone(), file);
        }
    }
    sources.into_iter().chain(models.into_values()).collect()
}

/// The lake's root. A path in `cdp.toml` is relative to the project, one that was typed to the
/// folder it was typed in.
fn lake_url(
    settings: &Settings,
    config: &Config,
    file: &SourceFile,
) -> std::result::Result<Url, Box<Fault>> {
    let (text, from) = match &settings.lake {
        Some(text) => (text, PathBuf::new()),
        None => (&config.lake_url, settings.project_dir.clone()),
    };
    let fault = |reason: String| {
        let fault = Fault::new(format!("`{text}` is no place for a lake: {reason}"))
            .hint("write a folder, or a URL such as `s3://bucket/path`, `az://container/path`");
        Box::new(if settings.lake.is_none() {
            fault.at_text(file, &["lake", "url"], text)
        } else {
            fault
        })
    };
    if text.contains("://") {
        let url = Url::parse(text).map_err(|error| fault(error.to_string()))?;
        if SCHEMES.contains(&url.scheme()) {
            return Ok(url);
        }
        return Err(fault(format!("`{}://` is not supported", url.scheme())));
    }
    if text.is_empty() {
        return Err(fault("it is empty".to_owned()));
    }
    let path = std::path::absolute(from.join(text)).map_err(|error| fault(error.to_string()))?;
    Url::from_directory_path(path).map_err(|()| fault("it is no path of this machine".to_owned()))
}

/// The faults of a failure that is made of nothing else.
pub(crate) fn faults_of(failure: Failure) -> std::result::Result<Faults, Failure> {
    match failure {
        Failure::Faults(faults) => Ok(faults),
        other => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> TreeFile {
        TreeFile {
            path: path.to_owned(),
            file: SourceFile::new(format!("sql/{path}"), text),
        }
    }

    #[test]
    fn a_file_of_the_project_replaces_that_of_the_program() {
        let mine = file("staging/orders.sql", "select 1");
        let tree = overlay(Base::Builtin, vec![mine, file(SOURCES, "")]);
        let found: Vec<&str> = tree
            .iter()
            .filter(|file| file.path == "staging/orders.sql")
            .map(|file| file.file.path())
            .collect();
        assert_eq!(found, ["sql/staging/orders.sql"]);
        let sources: Vec<&str> = tree
            .iter()
            .filter(|file| file.path == SOURCES)
            .map(|file| file.file.path())
            .collect();
        assert_eq!(sources, ["builtin:sql/sources.toml", "sql/sources.toml"]);
    }

    #[test]
    fn without_a_base_there_is_only_the_project() {
        let tree = overlay(Base::None, vec![file("staging/orders.sql", "select 1")]);
        assert_eq!(tree.len(), 1);
    }

    #[test]
    fn a_faulty_file_still_tells_its_base() {
        let config = SourceFile::new("cdp.toml", "[project]\nbase   = \"none\" # mine\n= =\n");
        assert_eq!(base_of(&config), Base::None);
    }
}
