//! `load`: files into a raw table, once per file content.

mod convert;
mod csv_rows;
mod json_rows;
mod parquet_rows;
mod stream;

use std::fmt::Write;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cdp_plan::Source;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::{ErrorKind, LakeError, Result};
use crate::lake::Lake;
use crate::write::{Provenance, append, has_transaction};

pub(crate) use convert::raw_schema;

/// How often a load begins again when other writers come first.
const ATTEMPTS: u64 = 5;

/// What a load did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Loaded {
    /// The raw table.
    pub source: String,
    /// Files whose rows were added.
    pub files_added: usize,
    /// Files whose content was in the table already.
    pub files_known: usize,
    /// Rows that were added.
    pub rows_added: u64,
    /// Rows that were set aside.
    pub rows_set_aside: u64,
    /// The table's version afterwards, when something was added.
    pub version: Option<u64>,
    /// What a person may want to know, such as columns of a file that the source does not declare.
    pub notes: Vec<String>,
}

/// Bounds of a load.
#[derive(Debug, Clone, Copy)]
pub struct LoadLimits {
    /// With a larger share of bad rows nothing is added.
    pub bad_rows_max_share: f64,
    /// The most bad rows that are kept per file.
    pub quarantine_rows_max: u64,
}

/// A file that is not in the table yet.
#[derive(Debug, Clone)]
struct NewFile {
    path: PathBuf,
    format: Format,
    gzip: bool,
    sha256: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    JsonLines,
    Parquet,
}

impl NewFile {
    /// What marks the file's content in the table's log.
    fn transaction(&self) -> String {
        transaction(&self.sha256)
    }

    fn shown(&self) -> String {
        self.path.display().to_string()
    }

    fn open(&self) -> Result<Box<dyn Read + Send>> {
        let file = File::open(&self.path).map_err(|error| cannot_read(&self.path, &error))?;
        let file = BufReader::with_capacity(1 << 20, file);
        if self.gzip {
            return Ok(Box::new(flate2::read::MultiGzDecoder::new(file)));
        }
        Ok(Box::new(file))
    }
}

fn transaction(sha256: &str) -> String {
    format!("cdp-load/{sha256}")
}

/// Appends files to the raw table of a source, in one commit. A file whose content is there already
/// adds nothing; a row that cannot be read goes to quarantine.
pub async fn load(
    lake: &Lake,
    source: &Source,
    paths: &[PathBuf],
    limits: LoadLimits,
    provenance: &Provenance,
) -> Result<Loaded> {
    let mut attempt = 1;
    loop {
        match load_once(lake, source, paths, limits, provenance).await {
            // Another load came first: what it added is known now.
            Err(error) if error.retryable() && attempt < ATTEMPTS => {
                tokio::time::sleep(Duration::from_millis(100 * attempt)).await;
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

async fn load_once(
    lake: &Lake,
    source: &Source,
    paths: &[PathBuf],
    limits: LoadLimits,
    provenance: &Provenance,
) -> Result<Loaded> {
    let url = lake.source_url(source)?;
    let mut loaded = Loaded {
        source: source.name.to_string(),
        ..Loaded::default()
    };
    let files = new_files(lake, &url, paths, &mut loaded).await?;
    if files.is_empty() {
        return Ok(loaded);
    }
    loaded.files_added = files.len();
    let transactions: Vec<String> = files.iter().map(NewFile::transaction).collect();
    let feed = stream::Feed::new(lake, source, files, limits, provenance);
    let session = lake.engine().session()?;
    let plan = session
        .read_table(Arc::new(feed.table()?))?
        .into_unoptimized_plan();
    let written = append(lake, &url, plan, &session, provenance, &transactions).await;
    let outcome = feed.outcome();
    if let Some(error) = outcome.error {
        // What stopped the feed says more than the engine's wrapping of it.
        return Err(error);
    }
    loaded.version = Some(written?.version);
    loaded.rows_added = outcome.rows;
    loaded.rows_set_aside = outcome.set_aside;
    loaded.notes = outcome.notes;
    Ok(loaded)
}

async fn new_files(
    lake: &Lake,
    url: &url::Url,
    paths: &[PathBuf],
    loaded: &mut Loaded,
) -> Result<Vec<NewFile>> {
    let table = lake.open(url).await?;
    let mut files: Vec<NewFile> = Vec::new();
    for path in paths {
        let (format, gzip) = format_of(path)?;
        let sha256 = sha256(path)?;
        let known = match &table {
            Some(table) => has_transaction(table, &transaction(&sha256)).await?,
            None => false,
        };
        if known || files.iter().any(|file| file.sha256 == sha256) {
            loaded.files_known += 1;
            continue;
        }
        files.push(NewFile {
            path: path.clone(),
            format,
            gzip,
            sha256,
        });
    }
    Ok(files)
}

fn format_of(path: &Path) -> Result<(Format, bool)> {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default()
        .to_lowercase();
    let (stem, gzip) = match name.strip_suffix(".gz") {
        Some(stem) => (stem, true),
        None => (name.as_str(), false),
    };
    let format = match stem.rsplit_once('.').map(|(_, extension)| extension) {
        Some("csv") => Format::Csv,
        Some("jsonl" | "ndjson" | "json") => Format::JsonLines,
        Some("parquet") if !gzip => Format::Parquet,
        _ => {
            return Err(LakeError::new(
                ErrorKind::Input,
                format!("`{}` is of no known format", path.display()),
            )
            .hint("files end in .csv, .jsonl, .ndjson (each also with .gz) or .parquet"));
        }
    };
    Ok((format, gzip))
}

fn sha256(path: &Path) -> Result<String> {
    let mut file = File::open(path).map_err(|error| cannot_read(path, &error))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file
            .read(&mut buffer)
            .map_err(|error| cannot_read(path, &error))?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
    }
    Ok(hasher
        .finalize()
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }))
}

fn cannot_read(path: &Path, error: &std::io::Error) -> LakeError {
    LakeError::new(
        ErrorKind::Input,
        format!("cannot read `{}`: {error}", path.display()),
    )
}
