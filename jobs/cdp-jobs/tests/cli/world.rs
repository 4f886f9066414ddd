//! The sample world, made once and copied for tests that change it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::command::{Told, cdp};
use crate::tables::Tables;

/// Enough people for a model of churn that can be measured, few enough to wait for.
pub(crate) const PEOPLE: &str = "600";
/// The date that the demo is run for.
pub(crate) const TODAY: &str = "2026-01-01";
/// The date after it.
pub(crate) const TOMORROW: &str = "2026-01-02";

/// A project in a folder of its own, which goes when the test ends.
#[derive(Debug)]
pub(crate) struct World {
    dir: TempDir,
}

impl World {
    /// That of a demo that was made there.
    pub(crate) fn of(dir: TempDir) -> Self {
        Self { dir }
    }

    /// The folder that the project's folder `cdp-demo` lies in.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The project's folder.
    pub(crate) fn project(&self) -> PathBuf {
        self.dir.path().join("cdp-demo")
    }

    /// Types a command in the project's folder.
    pub(crate) fn cdp(&self, args: &[&str]) -> Told {
        cdp(&self.project(), args)
    }

    /// A copy that can be changed.
    pub(crate) fn copy(&self) -> Self {
        let dir = temp_dir();
        copy_folder(self.dir(), dir.path());
        Self { dir }
    }

    /// All rows.
    pub(crate) fn tables(&self) -> Tables {
        Tables::read(&self.project())
    }
}

/// A demo as it is left behind; only to be read.
pub(crate) fn demo() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let dir = temp_dir();
        cdp(dir.path(), &["demo", "cdp-demo", "--people", PEOPLE]).expect(0);
        World { dir }
    })
}

/// The demo after an undisturbed run of the next day; only to be read.
pub(crate) fn next_day() -> &'static (World, Tables) {
    static WORLD: OnceLock<(World, Tables)> = OnceLock::new();
    WORLD.get_or_init(|| {
        let world = demo().copy();
        world.cdp(&["run", "--as-of", TOMORROW]).expect(0);
        let tables = world.tables();
        (world, tables)
    })
}

/// A folder for one test.
pub(crate) fn temp_dir() -> TempDir {
    TempDir::new().expect("a folder for temporary files")
}

/// Copies a folder with all that is in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("a folder that was made") {
        let entry = entry.expect("an entry of a folder");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}
