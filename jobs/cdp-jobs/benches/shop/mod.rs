//! A generated shop in a project of its own, and the program as users run it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

#[path = "../program/mod.rs"]
mod program;

use cdp_sample_world::{Files, Summary, TruthSpec, WorldSpec, generate};

pub(crate) use program::{cdp_jobs, setting};

struct Folder(PathBuf);

impl Files for Folder {
    type W = File;

    fn create(&mut self, name: &str) -> io::Result<File> {
        let path = self.0.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        File::create(path)
    }
}

/// Makes a project, and a shop's files in its folder `data`.
pub(crate) fn make(spec: &WorldSpec, project: &Path) -> io::Result<Summary> {
    cdp_jobs(&["init".as_ref(), project.as_ref()])?;
    generate(
        spec,
        &TruthSpec::default(),
        &mut Folder(project.join("data")),
    )
}

/// Loads the files; gives their rows and bytes.
pub(crate) fn load(made: &Summary, project: &Path) -> io::Result<(u64, u64)> {
    let (mut rows, mut bytes) = (0, 0);
    for file in &made.files {
        let Some(source) = file.source else { continue };
        let path = project.join("data").join(file.name);
        bytes += fs::metadata(&path)?.len();
        rows += file.rows;
        let load = ["load".as_ref(), source.as_ref(), path.as_os_str()];
        cdp_jobs(&[&load[..], &["--project".as_ref(), project.as_ref()]].concat())?;
    }
    Ok((rows, bytes))
}
