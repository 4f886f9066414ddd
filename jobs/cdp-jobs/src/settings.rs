//! What was typed, completed from the environment: flags beat variables, variables beat `cdp.toml`.

use std::path::{Path, PathBuf};

use crate::cli::Common;
use crate::env_vars;

/// Where the project is, and which lake was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The folder that holds `cdp.toml` and `sql/`.
    pub(crate) project_dir: PathBuf,
    /// The lake to use in place of that of `cdp.toml`.
    pub(crate) lake: Option<String>,
}

impl Settings {
    /// Reads the environment for what was not typed.
    pub(crate) fn resolve(common: &Common) -> Self {
        let project = common.project.clone();
        let project = project.or_else(|| env_vars::read(env_vars::CDP_PROJECT).map(PathBuf::from));
        let lake = common.lake.clone();
        Self {
            project_dir: project.unwrap_or_else(|| PathBuf::from(".")),
            lake: lake.or_else(|| env_vars::read(env_vars::CDP_LAKE)),
        }
    }

    /// The settings for a project that the program has just made.
    pub(crate) fn of_project(dir: &Path) -> Self {
        Self {
            project_dir: dir.to_owned(),
            lake: None,
        }
    }

    /// The path of a file of the project as a person would type it.
    pub(crate) fn shown(&self, path: &str) -> String {
        if self.project_dir == Path::new(".") {
            return path.to_owned();
        }
        self.project_dir.join(path).display().to_string()
    }

    /// ` --project DIR --lake URL` as far as they are needed, for commands in hints.
    pub(crate) fn flags(&self) -> String {
        let lake = self.lake.as_ref();
        let lake = lake.map_or_else(String::new, |lake| format!(" --lake {lake}"));
        format!("{}{lake}", self.project_flag())
    }

    /// ` --project DIR` when it is needed, for commands in hints.
    pub(crate) fn project_flag(&self) -> String {
        if self.project_dir == Path::new(".") {
            return String::new();
        }
        format!(" --project {}", self.project_dir.display())
    }
}
