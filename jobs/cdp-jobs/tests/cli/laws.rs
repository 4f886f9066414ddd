//! What must not matter does not: the order of rows, the number of partitions, the future.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::command::{Told, cdp, print};
use crate::shop::Shop;
use crate::tables::Tables;
use crate::world::{TODAY, copy_folder, demo, temp_dir};

/// The sample world with one cut-off to train on, which needs the fewest dates.
#[derive(Debug)]
struct Project {
    dir: TempDir,
}

impl Project {
    /// With the raw tables of the demo.
    fn with_raw(partitions: u32) -> Self {
        let project = Self::empty(partitions);
        let raw = demo().project().join("lake/raw");
        copy_folder(&raw, &project.path().join("lake/raw"));
        project
    }

    /// Without a lake.
    fn empty(partitions: u32) -> Self {
        let dir = temp_dir();
        let config = format!(
            "[engine]\npartitions = {partitions}\n\n[churn]\ntraining_cutoffs = 1\nrows_min = 20\n"
        );
        fs::write(dir.path().join("cdp.toml"), config).expect("a file can be written");
        Self { dir }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn cdp(&self, args: &[&str]) -> Told {
        cdp(self.path(), args)
    }

    fn run(&self) -> Tables {
        self.cdp(&["run", "--as-of", TODAY]).expect(0);
        Tables::read(self.path())
    }
}

/// The rows that every law is held against: made in one partition, from rows in their first order.
fn expected() -> &'static (Project, Tables) {
    static EXPECTED: OnceLock<(Project, Tables)> = OnceLock::new();
    EXPECTED.get_or_init(|| {
        let project = Project::with_raw(1);
        let tables = project.run();
        assert_eq!(tables.0["scores.churn_model"].len(), 1, "there is a model");
        assert!(
            !tables.0["scores.churn_reasons"].is_empty(),
            "there are reasons"
        );
        print(format!(
            "laws: {} rows in {} tables",
            tables.row_count(),
            tables.0.len()
        ));
        (project, tables)
    })
}

#[test]
fn the_number_of_partitions_changes_nothing() {
    let (_, expected) = expected();
    let tables = Project::with_raw(4).run();
    expected.assert_same(&tables, "four partitions");
}

#[test]
fn the_order_of_rows_and_files_changes_nothing() {
    let (_, expected) = expected();
    let project = Project::empty(0);
    let data = project.path().join("shuffled");
    fs::create_dir(&data).expect("a folder can be made");
    let mut draw = Draw(7);
    for entry in fs::read_dir(demo().project().join("data")).expect("the demo has data") {
        let path = entry.expect("a file of the demo").path();
        let source = path
            .file_stem()
            .expect("a file has a name")
            .to_string_lossy();
        let end = path
            .extension()
            .expect("a file has a kind")
            .to_string_lossy();
        let text = fs::read_to_string(&path).expect("a file of the demo");
        let (header, body) = match &*end {
            "csv" => text.split_once('\n').expect("a header"),
            _ => ("", text.as_str()),
        };
        let mut lines: Vec<&str> = body.lines().collect();
        draw.shuffle(&mut lines);
        let mut files = Vec::new();
        for (part, lines) in lines.chunks(lines.len().div_ceil(3)).enumerate() {
            let file = data.join(format!("{source}-{part}.{end}"));
            let lead = if header.is_empty() {
                String::new()
            } else {
                format!("{header}\n")
            };
            fs::write(&file, format!("{lead}{}\n", lines.join("\n"))).expect("it can be written");
            files.push(file.display().to_string());
        }
        files.reverse();
        let mut load = vec!["load", &*source];
        load.extend(files.iter().map(String::as_str));
        project.cdp(&load).expect(0);
    }
    expected.assert_same(&project.run(), "shuffled files");
}

#[test]
fn what_is_known_later_changes_no_earlier_row() {
    let (project, before) = expected();
    let changed = Project::empty(1);
    copy_folder(project.path(), changed.path());
    let orders = fs::read_to_string(demo().project().join("data/orders.csv")).expect("orders");
    let mut reader = csv::Reader::from_reader(orders.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let at = |name: &str| header.iter().position(|h| h == name).expect("a column");
    let (id, ordered, ingested) = (at("order_id"), at("ordered_at"), at("ingested_at"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&header).expect("memory can be written");
    for (number, row) in reader.records().enumerate().take(300) {
        let row = row.expect("a row");
        let cells = row.iter().enumerate().map(|(column, cell)| match column {
            c if c == id => format!("later-{number}"),
            // Half of them happen later, the other half are only heard of later; both at the
            // first moment that no longer counts.
            c if c == ordered && number % 2 == 0 => format!("{TODAY}T00:00:00Z"),
            c if c == ingested => format!("{TODAY}T00:00:00Z"),
            _ => cell.to_owned(),
        });
        writer.write_record(cells).expect("memory can be written");
    }
    let later = writer.into_inner().expect("memory can be written");
    fs::write(changed.path().join("later.csv"), later).expect("a file can be written");
    let told = changed.cdp(&["load", "orders", "later.csv"]).expect(0);
    assert!(told.stdout.contains("300 rows added"), "{told}");
    changed.cdp(&["run", "--as-of", TODAY, "--force"]).expect(0);
    let after = Tables::read(changed.path());
    let made = |name: &str, _: &str| !name.starts_with("raw.");
    before
        .filter(made)
        .assert_same(&after.filter(made), "what is known later");
    assert_eq!(
        before.0["raw.orders"].len() + 300,
        after.0["raw.orders"].len()
    );
}

#[test]
fn a_bad_row_is_set_aside_and_counted() {
    let shop = Shop::with_orders();
    shop.write(
        "bad.csv",
        "order_id,customer,amount,quantity,ordered_at,ingested_at\n\
         o4,bob,1.00,0,2026-01-03T12:00:00Z,2026-01-03T12:05:00Z\n\
         o5,bob,1.00,-1,2026-01-03T13:00:00Z,2026-01-03T13:05:00Z\n",
    );
    // A rule is one for rows that can be read, so a load takes them, and a run sets them aside.
    shop.edit(
        "shop/cdp.toml",
        "base = \"none\"\n",
        "base = \"none\"\n\n[load]\nbad_rows_max_share = 1.0\n",
    );
    let loaded = shop
        .cdp("load orders bad.csv --project shop --format json")
        .expect(0)
        .json();
    let run = shop
        .cdp("run --as-of 2026-01-04 --project shop --format json")
        .expect(0)
        .json();
    let records = run["records"].as_array().expect("records");
    let looked = records.iter().find(|record| record["task"] == "raw.orders");
    let looked = looked.expect("a look at the orders");
    let set_aside = loaded["rows_set_aside"].as_u64().expect("a number")
        + looked["rows_set_aside"].as_u64().expect("a number");
    assert_eq!(set_aside, 2, "{loaded:#}\n{looked:#}");
    let quarantine = shop
        .cdp("sql --project shop --format json 'select * from ops.quarantine'")
        .expect(0);
    let rows = quarantine.json();
    assert_eq!(rows.as_array().map(Vec::len), Some(2), "{quarantine}");
    for id in ["o4", "o5"] {
        assert!(quarantine.stdout.contains(id), "{quarantine}");
    }
    let query = "select order_count from features.order_features where customer = 'bob'";
    let args = ["sql", "--project", "shop", "--format", "json", query];
    let bob = cdp(shop.dir(), &args).expect(0).json();
    assert_eq!(
        bob[0]["order_count"], 1,
        "the bad rows were counted as orders"
    );
}

/// Numbers that only need to look disorderly.
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
