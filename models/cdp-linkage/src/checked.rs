//! The checked configuration.

use crate::check::Check;
use crate::clean::Kind;
use crate::compare::{self, Comparison};
use crate::config::{IDENTITY, LinkageFault, RawLinkageConfig};
use crate::key::{BlockKeys, Rule};
use crate::pairs;
use crate::pattern::Pattern;
use crate::settings::Settings;

/// The configuration of a linkage, checked. Made from a [`RawLinkageConfig`].
#[derive(Clone, Debug)]
pub struct LinkageConfig {
    fields: Vec<Field>,
    comparisons: Vec<Comparison>,
    blocking: Vec<Rule>,
    block_records_max: usize,
    bridge_probability: f64,
    training: Training,
    is_enabled: bool,
    retrain_days: u32,
    /// The highest threshold first.
    purposes: Vec<(String, f64)>,
    settings: Settings,
}

#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Names of the column, in the plain spelling.
    pub(crate) columns: Vec<String>,
}

/// How the weights are learned, checked.
#[derive(Clone, Debug)]
pub(crate) struct Training {
    pub(crate) prior: Option<f64>,
    pub(crate) certain: Vec<Rule>,
    pub(crate) certain_recall: f64,
    pub(crate) sample_pairs_max: usize,
    pub(crate) seed: u64,
    pub(crate) records_min: u64,
    pub(crate) iterations_max: usize,
    pub(crate) tolerance: f64,
}

impl LinkageConfig {
    /// Checks a configuration, and names everything that is wrong with it.
    pub fn from_raw(raw: &RawLinkageConfig) -> Result<Self, Vec<LinkageFault>> {
        let mut check = Check::new();
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
            bridge_probability: check.share("linkage.bridge_probability", raw.bridge_probability),
            training: check.training(&raw.training),
            is_enabled: raw.enabled,
            retrain_days: check.retrain_days(raw.retrain_days),
            purposes: check.purposes(&raw.purposes),
            settings: Settings::of(raw),
        };
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

    /// Whether records are linked at all.
    pub fn is_enabled(&self) -> bool {
        self.is_enabled
    }

    /// With fewer records an engine is to learn nothing.
    pub fn records_min(&self) -> u64 {
        self.training.records_min
    }

    /// For how many days trained weights serve.
    pub fn retrain_days(&self) -> u32 {
        self.retrain_days
    }

    /// The purposes with the match probability that each asks for, the most demanding first.
    pub fn purposes(&self) -> impl ExactSizeIterator<Item = (&str, f64)> {
        self.purposes
            .iter()
            .map(|(name, least)| (name.as_str(), *least))
    }

    /// The most demanding purpose that a match probability serves.
    pub fn purpose(&self, probability: f64) -> Option<&str> {
        let mut purposes = self.purposes();
        purposes
            .find(|(_, least)| probability >= *least)
            .map(|(name, _)| name)
    }

    /// From this match probability on a pair is evidence; without the purpose `identity` none is.
    pub fn identity_probability(&self) -> Option<f64> {
        let mut purposes = self.purposes();
        purposes
            .find(|(name, _)| *name == IDENTITY)
            .map(|(_, least)| least)
    }

    /// From this match probability on a pair is kept.
    pub fn keep_probability(&self) -> f64 {
        self.purposes.last().map_or(1.0, |(_, least)| *least)
    }

    /// The settings that shape the weights, as JSON.
    pub fn settings(&self) -> String {
        self.settings.to_json()
    }

    /// What differs between these settings and others that [`LinkageConfig::settings`] gave.
    pub fn changes(&self, settings_before: &str) -> Vec<String> {
        self.settings.changes(settings_before)
    }

    /// For each comparison that weighs by frequency its field.
    pub fn term_fields(&self) -> Vec<Option<usize>> {
        self.comparisons
            .iter()
            .map(Comparison::term_field)
            .collect()
    }

    /// The keys of a record under the rules whose pairs are matches for certain, if there are any.
    pub fn certain_keys(&self, record: &[Option<&str>]) -> Vec<BlockKeys> {
        let rules = self.training.certain.iter();
        rules.map(|rule| rule.keys(record)).collect()
    }

    /// Whether there are rules whose pairs are matches for certain.
    pub fn has_certain_rules(&self) -> bool {
        !self.training.certain.is_empty()
    }

    /// The pairs that strangers are learned from, of so many records in the order of their cleaned
    /// values (missing first): the places of two, the lower first.
    pub fn random_pairs(&self, records: usize) -> Vec<(u32, u32)> {
        pairs::random(records, self.training.sample_pairs_max, self.training.seed)
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
pub(crate) fn plain_name(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}
