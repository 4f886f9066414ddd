//! Checks a configuration key by key, and gathers every fault.

use std::collections::BTreeMap;

use crate::checked::{Field, Training, plain_name};
use crate::clean::Kind;
use crate::compare::{Comparison, Evidence};
use crate::config::{LinkageFault, RawComparison, RawLinkageConfig, RawSwap, RawTraining};
use crate::key::Rule;
use crate::level::{LEVELS_KNOWN, Ladder, Level};
use crate::pattern::{COMPARISONS_MAX, LEVELS_MAX};

/// A field number is a bit of a `u64`.
const FIELDS_MAX: usize = 64;
/// No two records drawn at random are likelier than this to be one.
pub(crate) const PRIOR_MAX: f64 = 0.5;
const RULES_KNOWN: &str = "fields or `prefix(field, 3)`, `suffix(field, 4)`, `sound(field)`, \
    `year(field)`, `month_day(field)`, `username(field)`, `domain(field)`, `first_word(field)`, or two of them \
    with ` = ` between";

/// Gathers faults while values are read.
pub(crate) struct Check {
    pub(crate) faults: Vec<LinkageFault>,
    /// Position of each field by name.
    fields: BTreeMap<String, usize>,
}

impl Check {
    pub(crate) fn new() -> Self {
        Self {
            faults: Vec::new(),
            fields: BTreeMap::new(),
        }
    }

    pub(crate) fn fault(
        &mut self,
        key: impl Into<String>,
        problem: impl Into<String>,
        expected: impl Into<String>,
    ) {
        self.faults.push(LinkageFault::new(key, problem, expected));
    }

    pub(crate) fn fields(&mut self, raw: &RawLinkageConfig) -> Vec<Field> {
        if raw.fields.is_empty() || raw.fields.len() > FIELDS_MAX {
            let problem = format!("holds {} fields", raw.fields.len());
            self.fault("linkage.fields", problem, format!("1 to {FIELDS_MAX}"));
        }
        let mut fields = Vec::new();
        for (position, (name, field)) in raw.fields.iter().enumerate() {
            self.fields.insert(name.clone(), position);
            let kind = Kind::named(&field.kind).unwrap_or_else(|| {
                let known: Vec<_> = Kind::ALL
                    .iter()
                    .map(|(name, _)| format!("`{name}`"))
                    .collect();
                let key = format!("linkage.fields.{name}.kind");
                let problem = format!("is `{}`", field.kind);
                self.fault(key, problem, format!("one of {}", known.join(", ")));
                Kind::Text
            });
            let columns = std::iter::once(name).chain(&field.columns);
            let columns = columns.map(|column| plain_name(column)).collect();
            fields.push(Field {
                name: name.clone(),
                kind,
                columns,
            });
        }
        fields
    }

    pub(crate) fn comparisons(&mut self, raw: &RawLinkageConfig) -> Vec<Comparison> {
        let count = raw.comparisons.len() + raw.swaps.len();
        if raw.comparisons.is_empty() || count > COMPARISONS_MAX {
            let problem = format!("and `linkage.swaps` hold {count}");
            let expected = format!("1 to {COMPARISONS_MAX}, one of them no swap");
            self.fault("linkage.comparisons", problem, expected);
        }
        let mut comparisons = Vec::new();
        for (position, comparison) in raw.comparisons.iter().enumerate() {
            let path = format!("linkage.comparisons[{position}]");
            comparisons.extend(self.comparison(&path, comparison));
        }
        for (position, swap) in raw.swaps.iter().enumerate() {
            comparisons.extend(self.swap(&format!("linkage.swaps[{position}]"), swap));
        }
        let mut names: Vec<&str> = raw
            .comparisons
            .iter()
            .map(|one| one.name.as_str())
            .collect();
        names.extend(raw.swaps.iter().map(|one| one.name.as_str()));
        names.sort_unstable();
        for pair in names.windows(2) {
            if pair[0] == pair[1] || pair[0].is_empty() {
                let problem = format!("and `linkage.swaps` have the name `{}` twice", pair[0]);
                self.fault("linkage.comparisons", problem, "another name for each");
            }
        }
        comparisons
    }

    fn comparison(&mut self, path: &str, raw: &RawComparison) -> Option<Comparison> {
        let field = self.field(&format!("{path}.field"), &raw.field);
        if raw.levels.is_empty() || raw.levels.len() + 1 > LEVELS_MAX {
            let problem = format!("holds {} levels", raw.levels.len());
            self.fault(
                format!("{path}.levels"),
                problem,
                format!("1 to {}", LEVELS_MAX - 1),
            );
        }
        let mut levels = Vec::new();
        for (position, written) in raw.levels.iter().enumerate() {
            levels.extend(self.level(&format!("{path}.levels[{position}]"), written));
        }
        if raw.term_frequency && !levels.first().is_some_and(Level::is_exact) {
            let expected = "`exact` as the first level, or no term frequency";
            self.fault(format!("{path}.term_frequency"), "is set", expected);
        }
        Some(Comparison {
            name: raw.name.clone(),
            rule: Evidence::Field {
                field: field?,
                ladder: Ladder::new(levels),
            },
            shared_by: raw.shared_by,
            term_frequency: raw.term_frequency,
        })
    }

    fn swap(&mut self, path: &str, raw: &RawSwap) -> Option<Comparison> {
        let first = self.field(&format!("{path}.fields[0]"), &raw.fields[0]);
        let second = self.field(&format!("{path}.fields[1]"), &raw.fields[1]);
        let alike = self.level(&format!("{path}.alike"), &raw.alike);
        let fields = [first?, second?];
        if fields[0] == fields[1] {
            self.fault(format!("{path}.fields"), "are the same field", "two fields");
        }
        Some(Comparison {
            name: raw.name.clone(),
            rule: Evidence::Swap {
                fields,
                alike: Ladder::new(vec![alike?]),
            },
            shared_by: raw.shared_by,
            term_frequency: false,
        })
    }

    fn level(&mut self, path: &str, written: &str) -> Option<Level> {
        let level = Level::parse(written);
        if level.is_none() {
            self.fault(path, format!("is `{written}`"), LEVELS_KNOWN);
        }
        level
    }

    fn field(&mut self, path: &str, name: &str) -> Option<usize> {
        let found = self.fields.get(name).copied();
        if found.is_none() {
            let known: Vec<_> = self.fields.keys().map(|name| format!("`{name}`")).collect();
            self.fault(
                path,
                format!("is `{name}`"),
                format!("one of {}", known.join(", ")),
            );
        }
        found
    }

    pub(crate) fn rules(&mut self, path: &str, raw: &[Vec<String>]) -> Vec<Rule> {
        let mut rules = Vec::new();
        for (position, written) in raw.iter().enumerate() {
            if written.is_empty() {
                self.fault(format!("{path}[{position}]"), "is empty", RULES_KNOWN);
            }
            match Rule::parse(written, |name| self.fields.get(name).copied()) {
                Ok(rule) => rules.push(rule),
                Err(found) => {
                    for (inner, problem) in found {
                        self.fault(format!("{path}[{position}][{inner}]"), problem, RULES_KNOWN);
                    }
                }
            }
        }
        rules
    }

    pub(crate) fn retrain_days(&mut self, days: u32) -> u32 {
        if !(1..=3650).contains(&days) {
            let expected = "a whole number from 1 to 3650";
            self.fault("linkage.retrain_days", format!("is {days}"), expected);
        }
        days
    }

    pub(crate) fn purposes(&mut self, raw: &BTreeMap<String, f64>) -> Vec<(String, f64)> {
        if raw.is_empty() {
            let expected = "at least one, such as `identity = 0.99`";
            self.fault("linkage.purposes", "names no purpose", expected);
        }
        let purposes = raw.iter().map(|(name, least)| {
            let least = self.share(&format!("linkage.purposes.{name}"), *least);
            (name.clone(), least)
        });
        let mut purposes: Vec<_> = purposes.collect();
        purposes.sort_by(|a, b| b.1.total_cmp(&a.1));
        purposes
    }

    pub(crate) fn training(&mut self, raw: &RawTraining) -> Training {
        let path = "linkage.training";
        Training {
            prior: raw.prior.inspect(|prior| {
                if !(*prior > 0.0 && *prior <= PRIOR_MAX) {
                    let expected = format!("a number above 0 and up to {PRIOR_MAX}");
                    self.fault(format!("{path}.prior"), format!("is {prior}"), expected);
                }
            }),
            certain: self.rules(&format!("{path}.certain"), &raw.certain),
            certain_recall: self.share(&format!("{path}.certain_recall"), raw.certain_recall),
            sample_pairs_max: self.count(
                &format!("{path}.sample_pairs_max"),
                raw.sample_pairs_max,
                1_000,
                100_000_000,
            ),
            seed: raw.seed,
            records_min: raw.records_min,
            iterations_max: self.count(
                &format!("{path}.iterations_max"),
                raw.iterations_max,
                1,
                10_000,
            ),
            tolerance: self.share(&format!("{path}.tolerance"), raw.tolerance),
        }
    }

    /// A number above 0 and below 1.
    pub(crate) fn share(&mut self, path: &str, share: f64) -> f64 {
        if !(share > 0.0 && share < 1.0) {
            self.fault(path, format!("is {share}"), "a number above 0 and below 1");
        }
        share
    }

    pub(crate) fn count(&mut self, path: &str, count: u64, low: u64, high: u64) -> usize {
        if !(low..=high).contains(&count) {
            let expected = format!("a whole number from {low} to {high}");
            self.fault(path, format!("is {count}"), expected);
        }
        usize::try_from(count.clamp(low, high)).unwrap_or(usize::MAX)
    }
}
