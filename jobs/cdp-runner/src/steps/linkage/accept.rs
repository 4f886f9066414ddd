//! Which pairs are evidence: those whose records are one group when all pairs of the group are heard.

use std::collections::BTreeMap;

use arrow::array::{Array, Float64Array, StringArray};
use cdp_identity::connected_components;
use cdp_lake::Result;
use cdp_linkage::{LinkageModel, Pattern, ScoredPair, clusters};

use super::score::{SCORED, TERMS, term_columns};
use super::{Linking, ROWS};
use crate::matrix::{floats, texts, whole_numbers};

/// The pairs that are evidence.
pub(super) const ACCEPTED: &str = "identity.linkage_accepted";
const GROUPED: &str = "identity.linkage_grouped";

/// Records of a group, of which more than two hang together.
struct Group {
    values: Vec<Vec<Option<String>>>,
    terms: Vec<Vec<f64>>,
}

impl Linking<'_> {
    /// Accepts the pairs that serve the purpose `identity` and survive in their groups; gives how
    /// many there are, and how many did not survive.
    pub(super) async fn accept(&self, model: &LinkageModel) -> Result<(usize, usize)> {
        let mut pairs = match self.config.identity_probability() {
            Some(least) => self.pairs_from(least).await?,
            None => Vec::new(),
        };
        let all = pairs.len();
        let places = renumber(&mut pairs);
        let nodes = u32::try_from(places.len()).unwrap_or(u32::MAX);
        let ends = pairs.iter().map(|pair| (pair.left, pair.right));
        let component = connected_components(nodes, ends);
        let mut sizes = vec![0_u32; places.len()];
        for root in &component {
            sizes[*root as usize] += 1;
        }
        let is_group = |node: u32| sizes[component[node as usize] as usize] > 2;
        let (mut grouped, mut accepted): (Vec<_>, Vec<_>) =
            pairs.into_iter().partition(|pair| is_group(pair.left));
        if !grouped.is_empty() {
            let cluster = self.clusters(model, &places, &grouped).await?;
            grouped.retain(|pair| cluster[pair.left as usize] == cluster[pair.right as usize]);
            accepted.extend(grouped);
        }
        let of = |end: fn(&ScoredPair) -> u32| {
            let ends = accepted.iter().map(|pair| places[end(pair) as usize]);
            ends.collect::<Vec<i64>>()
        };
        let rows = vec![of(|pair| pair.left), of(|pair| pair.right)];
        self.keep_numbers(ACCEPTED, &["left_place", "right_place"], rows)?;
        Ok((accepted.len(), all - accepted.len()))
    }

    /// The pairs from a probability on, by places.
    async fn pairs_from(&self, least: f64) -> Result<Vec<ScoredPair>> {
        let sql = format!(
            "select left_place, right_place, pattern, match_weight, match_probability \
             from {SCORED} where match_probability >= {least:?} order by left_place, right_place"
        );
        let mut pairs = Vec::new();
        for batch in self.catalog.batches(&sql).await? {
            let left = whole_numbers(&batch, "left_place")?;
            let right = whole_numbers(&batch, "right_place")?;
            let pattern = whole_numbers(&batch, "pattern")?;
            let weight = floats(&batch, "match_weight")?;
            let probability = floats(&batch, "match_probability")?;
            let place = |place: i64| u32::try_from(place).unwrap_or(u32::MAX);
            pairs.extend((0..batch.num_rows()).map(|row| ScoredPair {
                left: place(left.value(row)),
                right: place(right.value(row)),
                pattern: Pattern(pattern.value(row).cast_unsigned()),
                weight: weight.value(row),
                probability: probability.value(row),
            }));
        }
        Ok(pairs)
    }

    /// For each node the lowest node of its cluster.
    async fn clusters(
        &self,
        model: &LinkageModel,
        places: &[i64],
        pairs: &[ScoredPair],
    ) -> Result<Vec<u32>> {
        let mut grouped: Vec<i64> = pairs
            .iter()
            .flat_map(|pair| [pair.left, pair.right])
            .map(|node| places[node as usize])
            .collect();
        grouped.sort_unstable();
        grouped.dedup();
        self.keep_numbers(GROUPED, &["place"], vec![grouped])?;
        let group = self.group(model.comparisons.len(), places).await?;
        let value = |node: u32| -> Vec<Option<&str>> {
            let values = group.values[node as usize].iter();
            values.map(Option::as_deref).collect()
        };
        let weight = |left: u32, right: u32| {
            let pattern = self.config.compare(&value(left), &value(right));
            model.match_weight(pattern, |one| group.terms[left as usize][one])
        };
        Ok(clusters(
            places.len(),
            pairs,
            self.config.identity_probability().unwrap_or(1.0),
            self.config.bridge_probability(),
            weight,
        ))
    }

    /// The values of the records that are in a group, by node; others have none.
    async fn group(&self, comparisons: usize, places: &[i64]) -> Result<Group> {
        let fields = self.config.field_names().len();
        let node_of: BTreeMap<i64, usize> = places.iter().copied().zip(0..).collect();
        let mut group = Group {
            values: vec![Vec::new(); places.len()],
            terms: vec![Vec::new(); places.len()],
        };
        let sql = format!(
            "select r.place, {}, {} from {GROUPED} as g inner join {ROWS} as r \
             on r.place = g.place left join {TERMS} as t on t.place = r.place",
            self.values("r."),
            term_columns(comparisons, "t.")
        );
        for batch in self.catalog.batches(&sql).await? {
            let place = whole_numbers(&batch, "place")?;
            let values = (0..fields).map(|field| texts(&batch, &format!("f{field}")));
            let values: Vec<StringArray> = values.collect::<Result<_>>()?;
            let terms = (0..comparisons).map(|one| floats(&batch, &format!("t{one}")));
            let terms: Vec<Float64Array> = terms.collect::<Result<_>>()?;
            for row in 0..batch.num_rows() {
                let Some(node) = node_of.get(&place.value(row)) else {
                    continue;
                };
                let values = values.iter();
                group.values[*node] = values
                    .map(|column| column.is_valid(row).then(|| column.value(row).to_owned()))
                    .collect();
                let terms = terms.iter();
                group.terms[*node] = terms
                    .map(|column| {
                        if column.is_valid(row) {
                            column.value(row)
                        } else {
                            0.0
                        }
                    })
                    .collect();
            }
        }
        Ok(group)
    }
}

/// Numbers the records that pairs name, in the order of their places, which it gives.
fn renumber(pairs: &mut [ScoredPair]) -> Vec<i64> {
    let mut places: Vec<u32> = pairs
        .iter()
        .flat_map(|pair| [pair.left, pair.right])
        .collect();
    places.sort_unstable();
    places.dedup();
    let node = |place: u32| {
        let node = places.partition_point(|other| *other < place);
        u32::try_from(node).unwrap_or(u32::MAX)
    };
    for pair in pairs {
        (pair.left, pair.right) = (node(pair.left), node(pair.right));
    }
    places.into_iter().map(i64::from).collect()
}
