//! Every environment variable that the program itself reads; nothing else here asks the environment.
//!
//! A flag beats its variable, a variable beats `cdp.toml`. Credentials of object stores
//! (`AWS_ACCESS_KEY_ID` and the like) are read by the store's client, not here.

use std::env;
use std::path::PathBuf;

/// The folder that holds `cdp.toml` and `sql/`: the same as `--project`.
pub(crate) const CDP_PROJECT: &str = "CDP_PROJECT";
/// The lake's root, a URL or a path: the same as `--lake`.
pub(crate) const CDP_LAKE: &str = "CDP_LAKE";
/// Set to anything: no colours in messages (see no-color.org).
const NO_COLOR: &str = "NO_COLOR";
/// Where the prompt of `sql` keeps its history, in `cdp-jobs/sql_history`.
const XDG_CACHE_HOME: &str = "XDG_CACHE_HOME";
/// The user's folder; its `.cache` stands in for `XDG_CACHE_HOME`.
const HOME: &str = "HOME";

/// Who is logged in, on Unix and on Windows.
const USERS: [&str; 3] = ["USER", "LOGNAME", "USERNAME"];

/// The value of a variable that is set and not empty.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
pub(crate) fn read(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether messages may have colours.
pub(crate) fn allows_colours() -> bool {
    read(NO_COLOR).is_none()
}

/// Who is logged in.
pub(crate) fn user() -> Option<String> {
    USERS.into_iter().find_map(read)
}

/// The folder for what may be lost.
pub(crate) fn cache_dir() -> Option<PathBuf> {
    let cache = read(XDG_CACHE_HOME).map(PathBuf::from);
    let cache = cache.or_else(|| read(HOME).map(|home| PathBuf::from(home).join(".cache")));
    cache.map(|folder| folder.join("cdp-jobs"))
}
