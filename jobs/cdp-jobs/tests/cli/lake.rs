//! A lake of the small world, of which only who is who is made.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::cases::testdata;
use crate::command::{Told, cdp};
use crate::world::temp_dir;

/// As far apart as the cut-offs of a model, so that they share them.
pub(crate) const DATES: [&str; 4] = ["2025-10-03", "2025-11-02", "2025-12-02", "2026-01-01"];

pub(crate) struct Lake {
    dir: TempDir,
    /// Settings that it always has.
    settings: &'static str,
}

impl Lake {
    /// Without a row.
    pub(crate) fn new() -> Self {
        Self::with("")
    }

    fn with(settings: &'static str) -> Self {
        let dir = temp_dir();
        let lake = Self { dir, settings };
        lake.configure("");
        lake
    }

    /// With all rows of the small world, none of them so old that a model could be trained on it: so
    /// no earlier map is made.
    pub(crate) fn loaded() -> Self {
        let lake = Self::with("[churn]\nhorizon_days = 500\n");
        let files = testdata().join("small_world/raw");
        for file in fs::read_dir(files).expect("a world") {
            let path = file.expect("a file of the world").path();
            let source = path.file_stem().expect("a name").to_string_lossy();
            lake.cdp(&["load", &source, &path.display().to_string()])
                .expect(0);
        }
        lake
    }

    /// Sets other rules.
    pub(crate) fn configure(&self, settings: &str) {
        let text = format!("[lake]\n{}{settings}", self.settings);
        fs::write(self.path().join("cdp.toml"), text).expect("a file can be written");
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn cdp(&self, args: &[&str]) -> Told {
        cdp(self.path(), args)
    }

    pub(crate) fn run(&self, date: &str) {
        let select = "+identity.profile_map,identity.profile_changes,identity.violations,\
                      identity.figures,identity.health";
        self.cdp(&["run", "--as-of", date, "--select", select])
            .expect(0);
    }

    pub(crate) fn rows(&self, as_of: &str, query: &str) -> Vec<Value> {
        let args = ["sql", "--limit", "0", "--format", "json", "--as-of", as_of];
        let told = self.cdp(&[args.as_slice(), &[query]].concat()).expect(0);
        told.json().as_array().expect("rows").clone()
    }

    /// What stood together, whatever how often.
    pub(crate) fn evidence(&self, as_of: &str) -> BTreeSet<String> {
        let query = "select evidence_key, min(first_seen_at) as first_seen_at, \
                     max(last_seen_at) as last_seen_at from identity.evidence group by evidence_key";
        let rows = self.rows(as_of, query);
        rows.iter().map(Value::to_string).collect()
    }

    /// The identifiers of each profile, without its id, which remembers when it was made.
    pub(crate) fn people(&self, as_of: &str) -> BTreeSet<Vec<String>> {
        let query = format!(
            "select profile_id, identifier from identity.profile_map \
             where as_of_date = date '{as_of}' order by identifier"
        );
        let mut people: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in self.rows(as_of, &query) {
            let text = |name: &str| row[name].as_str().expect("a text").to_owned();
            people
                .entry(text("profile_id"))
                .or_default()
                .push(text("identifier"));
        }
        people.into_values().collect()
    }

    /// The profile of each identifier.
    pub(crate) fn profiles(&self, as_of: &str) -> BTreeMap<String, String> {
        let query = format!(
            "select identifier, profile_id from identity.profile_map \
             where as_of_date = date '{as_of}'"
        );
        let rows = self.rows(as_of, &query);
        let text = |row: &Value, name: &str| row[name].as_str().expect("a text").to_owned();
        rows.iter()
            .map(|row| (text(row, "identifier"), text(row, "profile_id")))
            .collect()
    }

    /// Every id that came or went since the map that a date was made after is told of.
    pub(crate) fn every_change_is_told(&self, dates: &[&str]) {
        let last = dates[dates.len() - 1];
        let query = "select distinct as_of_date, profile_id from identity.profile_map";
        let maps = self.rows(last, query);
        let living = |date: &Value| -> BTreeSet<&str> {
            let of_date = maps.iter().filter(|row| &row["as_of_date"] == date);
            of_date
                .filter_map(|row| row["profile_id"].as_str())
                .collect()
        };
        let query = "select as_of_date, previous_date, change_type, from_profile_id, \
                     to_profile_id from identity.profile_changes";
        let changes = self.rows(last, query);
        for date in dates {
            let told: Vec<&Value> = changes
                .iter()
                .filter(|row| row["as_of_date"] == *date)
                .collect();
            let mut ids = told
                .first()
                .map(|row| living(&row["previous_date"]))
                .unwrap_or_default();
            ids.extend(told.iter().filter_map(|row| row["to_profile_id"].as_str()));
            for row in told {
                if ["merged", "gone"]
                    .map(Into::into)
                    .contains(&row["change_type"])
                {
                    ids.remove(row["from_profile_id"].as_str().unwrap_or_default());
                }
            }
            assert_eq!(ids, living(&(*date).into()), "{date}");
        }
    }

    /// What the run that made the map of a date says of it, and the date that it builds on.
    pub(crate) fn map_task(&self, date: &str) -> (String, Option<String>) {
        let query = format!(
            "select coalesce(note, '') as note, cast(builds_on_date as varchar) as base \
             from ops.runs where task = 'identity.profile_map' and status = 'succeeded' \
             and as_of_date = date '{date}' order by finished_at desc limit 1"
        );
        let told = self
            .cdp(&["sql", "--format", "json", &query])
            .expect(0)
            .json();
        let note = told[0]["note"].as_str().expect("a note").to_owned();
        (note, told[0]["base"].as_str().map(str::to_owned))
    }

    /// Every column of the map of a date.
    pub(crate) fn map(&self, date: &str) -> BTreeSet<String> {
        let query = format!("select * from identity.profile_map where as_of_date = '{date}'");
        let args = ["sql", "--limit", "0", "--format", "json", &query];
        let told = self.cdp(&args).expect(0).json();
        let rows = told.as_array().expect("rows").iter();
        rows.map(Value::to_string).collect()
    }

    /// Adds orders: their names, accounts, e-mail addresses, days, and days of arrival.
    pub(crate) fn order(&self, orders: &[(&str, &str, &str, &str, &str)]) {
        let mut text = "order_id,original_order_id,order_type,user_id,email,phone,cart_id,channel,\
                        total_amount,currency,ordered_at,ingested_at\n"
            .to_owned();
        for (id, user, email, day, arrived) in orders {
            let times = format!("{day}T10:00:00Z,{arrived}T10:00:00Z");
            text += &[
                id,
                ",,sale,",
                user,
                ",",
                email,
                ",,,web,5.00,EUR,",
                &times,
                "\n",
            ]
            .concat();
        }
        fs::write(self.path().join("orders.csv"), text).expect("a file can be written");
        self.cdp(&["load", "orders", "orders.csv"]).expect(0);
    }

    /// The date that each partition of evidence builds on, but for the first of `DATES` and the
    /// cut-offs.
    pub(crate) fn bases(&self) -> Vec<Option<String>> {
        let query = "select cast(builds_on_date as varchar) as base from ops.runs \
                     where task = 'identity.evidence' and status = 'succeeded' \
                     and as_of_date >= date '2025-11-02' order by as_of_date, finished_at";
        let told = self.cdp(&["sql", "--format", "json", query]).expect(0);
        let rows = told.json();
        let rows = rows.as_array().expect("rows").iter();
        rows.map(|row| row["base"].as_str().map(str::to_owned))
            .collect()
    }
}
