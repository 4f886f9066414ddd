//! The `sql/` tree that is part of the program.

use cdp_plan::{SourceFile, TreeFile};
use include_dir::{Dir, File, include_dir};

static TREE: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../sql");

/// The sources and models of the tree.
pub(crate) fn models() -> Vec<TreeFile> {
    let files = files().into_iter().filter(|(path, _)| is_model_file(path));
    files
        .map(|(path, text)| TreeFile {
            file: SourceFile::new(format!("builtin:sql/{path}"), text).builtin(),
            path,
        })
        .collect()
}

/// Every text file of the tree by its path below `sql/`, with forward slashes.
pub(crate) fn files() -> Vec<(String, &'static str)> {
    let mut found = Vec::new();
    let mut open = vec![&TREE];
    while let Some(folder) = open.pop() {
        open.extend(folder.dirs());
        found.extend(folder.files().filter_map(entry));
    }
    found.sort_unstable();
    found
}

fn entry(file: &'static File<'static>) -> Option<(String, &'static str)> {
    let path = file.path().to_str()?.replace('\\', "/");
    Some((path, file.contents_utf8()?))
}

/// Whether a file of a `sql/` tree is a query, a sidecar or the list of sources.
pub(crate) fn is_model_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    !name.starts_with('.') && matches!(extension, Some("sql" | "toml"))
}
