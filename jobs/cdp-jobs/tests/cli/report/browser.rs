//! A headless browser that opens a page at several widths and tells what it sees.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::world::temp_dir;

/// The page around the page, whose script looks at it.
const AROUND: &str = include_str!("around.html");
/// By which names a Chromium goes.
const PROGRAMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
/// Alone on this machine, and without a word to anybody.
const FLAGS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--allow-file-access-from-files",
    "--enable-logging=stderr",
];

/// A browser that is there.
#[derive(Debug)]
pub(super) struct Browser {
    program: &'static str,
}

/// What it sees.
#[derive(Debug)]
pub(super) struct Seen {
    /// What it said of the page, line by line.
    pub(super) console: String,
    /// What it saw at each width.
    pub(super) views: Vec<Value>,
}

impl Browser {
    /// The browser of this machine, or why nothing can be opened in one. Nothing may be skipped where
    /// `CDP_SKIP_NOTHING` is set.
    pub(super) fn find() -> Result<Self, &'static str> {
        let answers = |program: &&str| {
            let mut command = Command::new(program);
            let output = command.arg("--version").stderr(Stdio::null()).output();
            output.is_ok_and(|output| output.status.success())
        };
        let found = PROGRAMS.into_iter().find(answers);
        let missing = "there is no chromium (on Debian `apt-get install chromium`)";
        assert!(
            found.is_some() || env::var_os("CDP_SKIP_NOTHING").is_none(),
            "nothing may be skipped, and {missing}"
        );
        found.map(|program| Self { program }).ok_or(missing)
    }

    /// Opens a page in frames of several widths, which are the screens that it knows of.
    pub(super) fn look(&self, page: &Path, widths: &[u32], dark: bool) -> Seen {
        let frames = widths.iter().map(|width| frame(page, *width, 1_000));
        let (folder, around) = around(&frames.collect::<String>());
        let output = self.run(folder.path(), dark, &["--dump-dom"], &around);
        let dom = String::from_utf8_lossy(&output.stdout);
        let seen = dom.split_once("<output>");
        let seen = seen.and_then(|(_, rest)| Some(rest.split_once("</output>")?.0));
        let seen = seen.unwrap_or_else(|| panic!("nothing was seen: {output:?}"));
        let stderr = String::from_utf8_lossy(&output.stderr);
        let said = stderr.lines().filter(|line| line.contains("CONSOLE"));
        Seen {
            console: said.collect::<Vec<_>>().join("\n"),
            views: serde_json::from_str(&unescaped(seen)).expect("views as JSON"),
        }
    }

    /// Takes a picture of the whole page.
    pub(super) fn picture(&self, page: &Path, width: u32, dark: bool, file: &Path) {
        let height = self.look(page, &[width], dark).views[0]["height"].as_u64();
        let height = height.and_then(|height| u32::try_from(height).ok());
        let height = height.expect("the page has a height");
        let (folder, around) = around(&frame(page, width, height));
        let size = format!("--window-size={},{height}", width.max(500));
        let shot = format!("--screenshot={}", file.display());
        let output = self.run(folder.path(), dark, &[&size, &shot], &around);
        let bytes = fs::metadata(file).map_or(0, |file| file.len());
        assert!(bytes > 20_000, "no picture of {bytes} bytes: {output:?}");
    }

    fn run(&self, folder: &Path, dark: bool, args: &[&str], page: &Path) -> Output {
        let mut command = Command::new(self.program);
        command
            .args(FLAGS)
            .arg(format!(
                "--user-data-dir={}",
                folder.join("browser").display()
            ))
            .args(dark.then_some("--force-dark-mode"))
            .args(args)
            .arg(format!("file://{}", page.display()));
        let output = command.output().expect("the browser starts");
        assert!(output.status.success(), "{output:?}");
        output
    }
}

fn frame(page: &Path, width: u32, height: u32) -> String {
    let page = page.display();
    format!("<iframe src=\"file://{page}\" width=\"{width}\" height=\"{height}\"></iframe>\n")
}

/// A page with frames, in a folder that goes with it.
fn around(frames: &str) -> (TempDir, PathBuf) {
    let folder = temp_dir();
    let file = folder.path().join("around.html");
    fs::write(&file, AROUND.replace("<!-- frames -->", frames)).expect("a page can be written");
    (folder, file)
}

/// Where pictures are kept for whoever wants to look at them.
pub(super) fn kept() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    text.replace("&quot;", "\"").replace("&amp;", "&")
}
