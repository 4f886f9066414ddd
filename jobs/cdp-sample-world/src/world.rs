//! The whole: people one after another, into all files at once.

use std::io;

use crate::catalogue::Catalogue;
use crate::consent::Choices;
use crate::life::Life;
use crate::person::Person;
use crate::scene::{Scene, Seen};
use crate::sheet::{Files, Sheets};
use crate::spec::{FileRows, Summary, TruthSpec, WorldSpec};
use crate::time::Time;
use crate::{behaviour, commerce, consent, contact, email, subscription, support, truth};

/// What all people share.
pub(crate) struct World {
    pub(crate) spec: WorldSpec,
    pub(crate) start: Time,
    pub(crate) end: Time,
    pub(crate) catalogue: Catalogue,
}

impl World {
    pub(crate) fn new(spec: &WorldSpec) -> Self {
        let start = Time::of(spec.first_day);
        let end = Time::of(spec.end_date());
        Self {
            spec: spec.clone(),
            start,
            end,
            catalogue: Catalogue::new(spec.seed, start, end),
        }
    }
}

/// Writes the world that `spec` describes, and the truth about it, into `files`.
///
/// Fails when a file does, or with [`io::ErrorKind::InvalidInput`] when the truth is asked for a
/// time that the world does not cover.
pub fn generate<F: Files>(
    spec: &WorldSpec,
    truth_spec: &TruthSpec,
    files: &mut F,
) -> io::Result<Summary> {
    spec.check(truth_spec)?;
    let world = World::new(spec);
    let mut sheets = Sheets::new();
    let mut outputs = Vec::new();
    for sheet in sheets.all() {
        outputs.push(files.create(sheet.table.file)?);
    }
    world.catalogue.write(&mut sheets.products);
    for number in 1..=spec.people {
        write_person(&world, truth_spec, number, &mut sheets);
        for (sheet, output) in sheets.all().into_iter().zip(&mut outputs) {
            sheet.write_if_full(output)?;
        }
    }
    let mut summary = Summary { files: Vec::new() };
    for (sheet, output) in sheets.all().into_iter().zip(&mut outputs) {
        sheet.finish(output)?;
        summary.files.push(FileRows {
            name: sheet.table.file,
            source: sheet.table.source,
            rows: sheet.rows,
        });
    }
    Ok(summary)
}

fn write_person(world: &World, truth_spec: &TruthSpec, number: u32, sheets: &mut Sheets) {
    let person = Person::draw(world, number);
    let life = Life::draw(world, &person);
    let mut scene = Scene {
        world,
        person: &person,
        life: &life,
        sheets,
        seen: Seen::default(),
    };
    let choices = Choices::draw(&scene);
    behaviour::write(&mut scene);
    commerce::write(&mut scene);
    subscription::write(&mut scene);
    support::write(&mut scene);
    contact::write(&mut scene);
    let unsubscribed_at = email::write(&mut scene, &choices);
    consent::write(&mut scene, &choices, unsubscribed_at);
    truth::write(&mut scene, truth_spec);
}
