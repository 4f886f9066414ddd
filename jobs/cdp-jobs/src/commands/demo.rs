//! `demo`: a project with the data of a made-up shop, run for one day.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use cdp_plan::{AsOfDate, Fault};
use cdp_sample_world::{Files, TruthSpec, WorldSpec, generate};
use serde::{Deserialize, Serialize};

use super::run::{Wanted, run_date, tell_errors, went_well};
use super::{Context, VERSION, load, run, scaffold, summary};
use crate::cli::DemoArgs;
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, Result};
use crate::host;
use crate::output::{count, print_json, print_text};
use crate::project::{self, CONFIG};
use crate::settings::Settings;

/// What tells a demo from anything else, and from which numbers it was drawn.
const MARKER: &str = ".cdp-demo.json";

/// The numbers that a demo was drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Marker {
    people: u32,
    seed: u64,
}

/// Makes, loads and runs a demo. Every step does nothing when it was done before, so a demo that
/// was stopped goes on by starting it again.
pub(super) async fn demo(context: &Context, args: &DemoArgs) -> Result {
    let marker = mark(args)?;
    let dir = &args.dir;
    let output = context.output;
    output.say(format!(
        "making {} people, their visits, orders and e-mails in {}",
        count(marker.people.into()),
        dir.display()
    ));
    let sources = make_data(dir, marker)?;
    if !dir.join(CONFIG).exists() {
        scaffold::write(dir, "demo")?;
    }
    let settings = Settings::of_project(dir);
    let project = project::open(&settings).await?;
    for (source, path) in sources {
        let run_id = host::new_run_id();
        let loaded = project.load(source, &[path], &run_id, VERSION).await?;
        output.say(load::told(&loaded));
        for note in &loaded.notes {
            output.say(format!("note: {note}"));
        }
    }
    let as_of = AsOfDate::from(TruthSpec::default().as_of_date);
    output.say(format!(
        "running as of {as_of}, and earlier cut-offs for training"
    ));
    let wanted = Wanted {
        select: &[],
        force: false,
        full_refresh: false,
        reason: Some("demo".to_owned()),
    };
    let ran = run_date(context, &project, as_of, &wanted).await?;
    if !went_well(&ran) {
        output.say(run::text(&ran).trim_end());
        tell_errors(&ran);
        return Err(Failure::Told(ran.outcome().into()));
    }
    let summary = summary::read(&project, dir, marker.people, as_of).await?;
    if output.is_json() {
        print_json(&summary)?;
    } else {
        print_text(&summary::text(&summary))?;
    }
    Ok(ExitStatus::Done)
}

/// The numbers of this demo: those of an earlier one in the folder, or those asked for.
fn mark(args: &DemoArgs) -> Result<Marker> {
    let path = args.dir.join(MARKER);
    if scaffold::holds_something(&args.dir)? {
        let earlier = fs::read_to_string(&path).ok();
        let earlier: Option<Marker> = earlier.and_then(|text| serde_json::from_str(&text).ok());
        return match earlier {
            None => Err(not_a_demo(&args.dir)),
            Some(earlier) if fits(earlier, args) => Ok(earlier),
            Some(earlier) => Err(another_demo(&args.dir, earlier)),
        };
    }
    let default = WorldSpec::default();
    let marker = Marker {
        people: args.people.unwrap_or(default.people),
        seed: args.seed.unwrap_or(default.seed),
    };
    let text = serde_json::to_string(&marker).map_err(io::Error::from)?;
    scaffold::write_file(&path, &format!("{text}\n"))?;
    Ok(marker)
}

fn fits(earlier: Marker, args: &DemoArgs) -> bool {
    args.people.is_none_or(|people| people == earlier.people)
        && args.seed.is_none_or(|seed| seed == earlier.seed)
}

fn not_a_demo(dir: &Path) -> Failure {
    let fault = Fault::new(format!(
        "`{}` is not empty, and no demo either",
        dir.display()
    ));
    Failure::usage(fault.hint("name a folder that is empty or absent: `cdp-jobs demo DIR`"))
}

fn another_demo(dir: &Path, earlier: Marker) -> Failure {
    let Marker { people, seed } = earlier;
    let dir = dir.display();
    let fault = Fault::new(format!(
        "`{dir}` holds a demo of {people} people with seed {seed}"
    ));
    Failure::usage(fault.hint("leave out `--people` and `--seed`, or name another folder"))
}

/// Writes the shop's files, the same bytes every time, and tells which belong to which source.
fn make_data(dir: &Path, marker: Marker) -> Result<Vec<(&'static str, PathBuf)>> {
    let spec = WorldSpec {
        people: marker.people,
        seed: marker.seed,
        ..WorldSpec::default()
    };
    let mut folder = Folder { dir };
    let made = generate(&spec, &TruthSpec::default(), &mut folder)
        .map_err(|error| Failure::file("write the sample data to", dir, &error))?;
    let files = made.files.iter();
    Ok(files
        .filter_map(|file| Some((file.source?, path_of(dir, file.name))))
        .collect())
}

/// `truth/…` stays apart from what a shop would know.
fn path_of(dir: &Path, name: &str) -> PathBuf {
    if name.starts_with("truth/") {
        dir.join(name)
    } else {
        dir.join("data").join(name)
    }
}

/// The files of the shop in a folder; what writes to them holds its rows back until they are many.
struct Folder<'a> {
    dir: &'a Path,
}

impl Files for Folder<'_> {
    type W = File;

    fn create(&mut self, name: &str) -> io::Result<File> {
        let path = path_of(self.dir, name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        File::create(path)
    }
}
