//! The checked configuration.

use std::collections::BTreeMap;

use crate::clean::Kind;
use crate::compare::{self, Comparison, Evidence};
use crate::config::{LinkageFault, RawComparison, RawLinkageConfig, RawSwap, RawTraining};
use crate::key::{BlockKeys, Rule};
use crate::level::{LEVELS_KNOWN, Ladder, Level};
use crate::pattern::{COMPARISONS_MAX, LEVELS_MAX, Pattern};

/// A field number is a bit of a `u64`.
const FIELDS_MAX: usize = 64;
/// No two records drawn at random are likelier than this to be one.
pub(crate) const PRIOR_MAX: f64 = 0.5;
const RULES_KNOWN: &str = "fields or `prefix(field, 3)`, `suffix(field, 4)`, `sound(field)`, \
    `year(field)`, `month_day(field)`, `username(field)`, `domain(field)`, `first_word(field)`, or two of them \
    with ` = ` between";

/// The configuration of a linkage, checked. Made from a [`RawLinkageConfig`].
#[derive(Clone, Debug)]
pub struct LinkageConfig {
    fields: Vec<Field>,
    comparisons: Vec<Comparison>,
    blocking: Vec<Rule>,
    block_records_max: usize,
    match_probability: f64,
    keep_probability: f64,
    bridge_probability: f64,
    training: Training,
}

#[derive(Clone, Debug)]
struct Field {
    name: String,
    kind: Kind,
    /// Names of the column, in the plain spelling.
    columns: Vec<String>,
}

/// How the weights are learned, checked.
#[derive(Clone, Debug)]
pub(crate) struct Training {
    pub(crate) prior: Option<f64>,
    pub(crate) certain: Vec<Rule>,
    pub(crate) certain_recall: f64,
    pub(crate) sample_pairs_max: usize,
    pub(crate) seed: u64,
    pub(crate) iterations_max: usize,
    pub(crate) tolerance: f64,
}

impl LinkageConfig {
    /// Checks a configuration, and names everything that is wrong with it.
    pub fn from_raw(raw: &RawLinkageConfig) -> Result<Self, Vec<LinkageFault>> {
        let mut check = Check {
            faults: Vec::new(),
            fields: BTreeMap::new(),
        };
        let fields = check.fields(raw);
        let comparisons = check.comparisons(raw);
        let blocking = check.rules("linkage.blocking", &raw.blocking);
        if raw.blocking.is_empty() {
            let key = "linkage.blocking";
            check.fault(key, "holds no rule", "at least one, such as `[\"email\"]`");
        }
        let config = Self {
            fields,
            comparisons,
            blocking,
            block_records_max: check.count(
                "linkage.block_records_max",
                raw.block_records_max,
                2,
                1_000_000,
            ),
            match_probability: check.share("linkage.match_probability", raw.match_probability),
            keep_probability: check.share("linkage.keep_probability", raw.keep_probability),
            bridge_probability: check.share("linkage.bridge_probability", raw.bridge_probability),
            training: check.training(&raw.training),
        };
        if raw.keep_probability > raw.match_probability {
            let problem = format!(
                "is {} and above the match probability",
                raw.keep_probability
            );
            let expected = format!("a probability up to {}", raw.match_probability);
            check.fault("linkage.keep_probability", problem, expected);
        }
        if check.faults.is_empty() {
            Ok(config)
        } else {
            Err(check.faults)
        }
    }

    /// The names of the fields, in the order in which values of a record stand.
    pub fn field_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }

    /// Which column of the data holds each field, by the names of the columns. A field that no
    /// column holds is missing in every record.
    pub fn columns(&self, header: &[&str]) -> Vec<Option<usize>> {
        let header: Vec<String> = header.iter().map(|name| plain_name(name)).collect();
        let find = |field: &Field| {
            let mut known = field.columns.iter();
            known.find_map(|column| header.iter().position(|name| name == column))
        };
        self.fields.iter().map(find).collect()
    }

    /// The comparable form of a value of a field, or nothing when it says nothing.
    pub fn clean(&self, field: usize, raw: &str) -> Option<String> {
        self.fields[field].kind.clean(raw)
    }

    /// The pattern of two records of cleaned values, which stand in the order of
    /// [`LinkageConfig::field_names`]. It costs no allocation.
    pub fn compare(&self, left: &[Option<&str>], right: &[Option<&str>]) -> Pattern {
        compare::compare(&self.comparisons, left, right)
    }

    /// The blocking rules as written, in their order.
    pub fn blocking_rules(&self) -> impl ExactSizeIterator<Item = &str> {
        self.blocking.iter().map(|rule| rule.label.as_str())
    }

    /// The keys of a record of cleaned values under each blocking rule. Two records are compared
    /// when the left key of one is the right key of the other.
    pub fn block_keys(&self, record: &[Option<&str>]) -> Vec<BlockKeys> {
        self.blocking.iter().map(|rule| rule.keys(record)).collect()
    }

    /// From this match probability on two records are one.
    pub fn match_probability(&self) -> f64 {
        self.match_probability
    }

    /// From this match probability on a pair is kept as evidence.
    pub fn keep_probability(&self) -> f64 {
        self.keep_probability
    }

    /// Two groups of records are joined only if, on the mean of the pairs between them, they are
    /// one with at least this probability.
    pub fn bridge_probability(&self) -> f64 {
        self.bridge_probability
    }

    /// A block of more records than this is left out.
    pub fn block_records_max(&self) -> usize {
        self.block_records_max
    }

    pub(crate) fn comparisons(&self) -> &[Comparison] {
        &self.comparisons
    }

    pub(crate) fn blocking(&self) -> &[Rule] {
        &self.blocking
    }

    pub(crate) fn training(&self) -> &Training {
        &self.training
    }
}

/// A name without case, blanks and marks: `Date Of-Birth` is `dateofbirth`.
fn plain_name(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Gathers faults while values are read.
struct Check {
    faults: Vec<LinkageFault>,
    /// Position of each field by name.
    fields: BTreeMap<String, usize>,
}

impl Check {
    fn fault(
        &mut self,
        key: impl Into<String>,
        problem: impl Into<String>,
        expected: impl Into<String>,
    ) {
        self.faults.push(LinkageFault::new(key, problem, expected));
    }

    fn fields(&mut self, raw: &RawLinkageConfig) -> Vec<Field> {
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

    fn comparisons(&mut self, raw: &RawLinkageConfig) -> Vec<Comparison> {
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

    fn rules(&mut self, path: &str, raw: &[Vec<String>]) -> Vec<Rule> {
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

    fn training(&mut self, raw: &RawTraining) -> Training {
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
    fn share(&mut self, path: &str, share: f64) -> f64 {
        if !(share > 0.0 && share < 1.0) {
            self.fault(path, format!("is {share}"), "a number above 0 and below 1");
        }
        share
    }

    fn count(&mut self, path: &str, count: u64, low: u64, high: u64) -> usize {
        if !(low..=high).contains(&count) {
            let expected = format!("a whole number from {low} to {high}");
            self.fault(path, format!("is {count}"), expected);
        }
        usize::try_from(count.clamp(low, high)).unwrap_or(usize::MAX)
    }
}
