//! What a map is counted in, so that a day can be added to it: whoever resolved some components anew
//! takes out what these counted before, and puts in what they count now.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use crate::bridges::bridges;
use crate::graph::{CUT, identifier_type};
use crate::profile_map::ProfileMap;
use crate::violation::NONE;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Count {
    /// Profiles, by how many identifiers they hold.
    ProfilesOfSize,
    /// Identifiers, by type.
    IdentifiersOfType,
    /// Those alone in their profile, by type.
    SingletonsOfType,
    /// Pairs of identifiers of declared types that evidence names together, by both types.
    PairsOfTypes,
    /// Unions, by the rule that made them, such as `email+user_id@orders`.
    Unions,
    /// Links without which a profile would fall into two that both hold a person's identifier.
    Bridges,
}

/// A list of what is most remarkable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum List {
    /// Profiles with how many identifiers they hold.
    LargestProfile,
    /// Identifiers with how many others they were seen.
    BusiestIdentifier,
    /// Bridges, `left - right`, with how many personal identifiers are on the lesser side.
    Bridge,
}

impl Count {
    /// Everything that is counted, under its name in tables.
    pub const ALL: [(&str, Self); 6] = [
        ("profiles_of_size", Self::ProfilesOfSize),
        ("identifiers_of_type", Self::IdentifiersOfType),
        ("singletons_of_type", Self::SingletonsOfType),
        ("pairs_of_types", Self::PairsOfTypes),
        ("unions", Self::Unions),
        ("bridges", Self::Bridges),
    ];

    /// Its name in tables.
    pub fn as_str(self) -> &'static str {
        Self::ALL[self as usize].0
    }
}

impl List {
    /// Every list under its name in tables.
    pub const ALL: [(&str, Self); 3] = [
        ("largest_profile", Self::LargestProfile),
        ("busiest_identifier", Self::BusiestIdentifier),
        ("bridge", Self::Bridge),
    ];

    /// Its name in tables.
    pub fn as_str(self) -> &'static str {
        Self::ALL[self as usize].0
    }
}

/// The items of greatest value, the greatest first, and of equal ones the smaller text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Top {
    /// All items down to the floor, with their values.
    pub rows: Vec<(String, u32)>,
    /// Nothing is known of what comes after it. Without one all is known.
    pub floor: Option<(String, u32)>,
}

/// The counts and lists of a map, or of some components of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many of each kind, by what they are told apart by. None is zero.
    pub counts: BTreeMap<Count, BTreeMap<String, i64>>,
    /// The lists.
    pub lists: BTreeMap<List, Top>,
}

fn order((item, value): &(String, u32)) -> (Reverse<u32>, &str) {
    (Reverse(*value), item)
}

impl Top {
    fn new(mut rows: Vec<(String, u32)>, rows_max: usize) -> Self {
        rows.sort_unstable_by(|one, other| order(one).cmp(&order(other)));
        let is_cut = rows.len() > rows_max;
        rows.truncate(rows_max);
        Self {
            floor: rows.last().filter(|_| is_cut).cloned(),
            rows,
        }
    }

    fn changed(&self, before: &Self, after: &Self, rows_max: usize) -> Self {
        let old: HashSet<&str> = before.rows.iter().map(|(item, _)| item.as_str()).collect();
        let is_known = |row: &&(String, u32)| {
            let floor = self.floor.as_ref();
            floor.is_none_or(|floor| order(row) <= order(floor))
        };
        let kept = self
            .rows
            .iter()
            .filter(|(item, _)| !old.contains(item.as_str()));
        let rows = kept.chain(after.rows.iter().filter(is_known));
        let changed = Self::new(rows.cloned().collect(), rows_max);
        Self {
            floor: changed.floor.or_else(|| self.floor.clone()),
            rows: changed.rows,
        }
    }
}

impl Tally {
    /// Adds to a count.
    pub fn add(&mut self, count: Count, item: &str, more: i64) {
        if more != 0 {
            let items = self.counts.entry(count).or_default();
            *items.entry(item.to_owned()).or_default() += more;
        }
    }

    /// How many of a kind there are.
    pub fn sum(&self, count: Count) -> i64 {
        self.of(count).map(|(_, number)| number).sum()
    }

    /// How many of a kind there are, each.
    pub fn of(&self, count: Count) -> impl Iterator<Item = (&str, i64)> {
        let items = self.counts.get(&count).into_iter().flatten();
        items.map(|(item, number)| (item.as_str(), *number))
    }

    /// A list; without rows when there is none.
    pub fn list(&self, list: List) -> &[(String, u32)] {
        self.lists.get(&list).map_or(&[], |top| &top.rows)
    }

    /// The tally after some components were resolved anew, given theirs before and now, with lists of
    /// at least one row more than `rows_max`. None when it does not follow from that: when a list has fewer rows left than
    /// `rows_min`, though there are more, or when more is gone than there was.
    #[must_use]
    pub fn changed(
        &self,
        before: &Self,
        after: &Self,
        rows_min: usize,
        rows_max: usize,
    ) -> Option<Self> {
        let mut changed = self.clone();
        for (of, sign) in [(before, -1_i64), (after, 1)] {
            for (count, items) in &of.counts {
                for (item, number) in items {
                    changed.add(*count, item, sign * *number);
                }
            }
        }
        for items in changed.counts.values_mut() {
            items.retain(|_, number| *number != 0);
        }
        changed.counts.retain(|_, items| !items.is_empty());
        let none = Top::default();
        for (_, list) in List::ALL {
            let top = |of: &'_ Self| of.lists.get(&list).cloned().unwrap_or_default();
            let was = self.lists.get(&list).unwrap_or(&none);
            let now = was.changed(&top(before), &top(after), rows_max);
            changed.lists.insert(list, now);
        }
        let mut numbers = changed.counts.values().flat_map(BTreeMap::values);
        let mut lists = changed.lists.values();
        let is_told = numbers.all(|number| *number > 0)
            && lists.all(|top| top.floor.is_none() || top.rows.len() >= rows_min);
        is_told.then_some(changed)
    }
}

impl ProfileMap {
    /// The counts and lists of the map, with lists of at most so many rows.
    pub fn tally(&self, rows_max: usize) -> Tally {
        std::thread::scope(|scope| {
            let unions = scope.spawn(|| self.unions());
            let mut tally = self.tally_without_unions(rows_max);
            match unions.join() {
                Ok(unions) => {
                    for (rule, number) in unions {
                        tally.add(Count::Unions, &rule, count(number));
                    }
                }
                Err(panic) => std::panic::resume_unwind(panic),
            }
            tally
        })
    }

    fn tally_without_unions(&self, rows_max: usize) -> Tally {
        let mut tally = Tally::default();
        let mut sizes = vec![0_u32; self.profile_count()];
        for node in &self.rows {
            sizes[self.cluster_of[*node as usize] as usize] += 1;
        }
        let mut of_size: BTreeMap<u32, i64> = BTreeMap::new();
        for size in &sizes {
            *of_size.entry(*size).or_default() += 1;
        }
        for (size, number) in of_size {
            tally.add(Count::ProfilesOfSize, &size.to_string(), number);
        }
        self.count_types(&sizes, &mut tally);
        let largest = self.largest(&sizes, rows_max);
        tally.lists.insert(List::LargestProfile, largest);
        let mut pairs = self.distinct_pairs();
        self.count_pairs(&pairs, &mut tally);
        let busiest = self.busiest(&pairs, rows_max);
        tally.lists.insert(List::BusiestIdentifier, busiest);
        self.keep_taken(&mut pairs);
        self.count_bridges(&pairs, rows_max, &mut tally);
        tally
    }

    fn count_types(&self, sizes: &[u32], tally: &mut Tally) {
        let mut declared = vec![(0, 0); self.rules.types().len()];
        let mut others: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        for node in &self.rows {
            let (all, alone) = match self.graph.type_index(*node) {
                Some(index) => &mut declared[index],
                None => others
                    .entry(identifier_type(self.table.identifier(*node)))
                    .or_default(),
            };
            *all += 1;
            *alone += i64::from(sizes[self.cluster_of[*node as usize] as usize] == 1);
        }
        let names = self.rules.types().iter().map(|one| one.name.as_str());
        for (name, (all, alone)) in names.zip(declared).chain(others) {
            tally.add(Count::IdentifiersOfType, name, all);
            tally.add(Count::SingletonsOfType, name, alone);
        }
    }

    /// Who is nobody is no profile to be told of.
    fn largest(&self, sizes: &[u32], rows_max: usize) -> Top {
        let is_nobody = self.nobody();
        let text = |cluster: usize| self.names.ids.get(cluster);
        let all = (0..sizes.len()).filter(|cluster| !is_nobody[*cluster]);
        let order = |cluster: &usize| (Reverse(sizes[*cluster]), text(*cluster));
        let first = first(all.collect(), rows_max, |one, other| {
            order(one).cmp(&order(other))
        });
        let rows = first
            .into_iter()
            .map(|cluster| (text(cluster).to_owned(), sizes[cluster]));
        Top::new(rows.collect(), rows_max)
    }

    /// Every two identifiers that evidence names together, once.
    fn distinct_pairs(&self) -> Vec<(u32, u32)> {
        let pairs = self.table.pairs().filter(|(left, right)| left != right);
        let mut pairs: Vec<_> = pairs
            .map(|(left, right)| (left.min(right), left.max(right)))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }

    fn count_pairs(&self, pairs: &[(u32, u32)], tally: &mut Tally) {
        let types = self.rules.types();
        let mut met = vec![0_i64; types.len() * types.len()];
        for (left, right) in pairs {
            let [left, right] = [left, right].map(|node| self.graph.type_index(*node));
            if let (Some(left), Some(right)) = (left, right) {
                met[left.min(right) * types.len() + left.max(right)] += 1;
            }
        }
        for (place, number) in met.into_iter().enumerate() {
            let (one, other) = (place / types.len(), place % types.len());
            let item = pair_of_types(&types[one].name, &types[other].name);
            tally.add(Count::PairsOfTypes, &item, number);
        }
    }

    fn busiest(&self, pairs: &[(u32, u32)], rows_max: usize) -> Top {
        let mut degrees = vec![0_u32; self.graph.flags.len()];
        for (left, right) in pairs {
            degrees[*left as usize] += 1;
            degrees[*right as usize] += 1;
        }
        let order = |node: &u32| {
            let place = *node as usize;
            (Reverse(degrees[place]), self.graph.rank[place])
        };
        let first = first(self.rows.clone(), rows_max, |one, other| {
            order(one).cmp(&order(other))
        });
        let rows = first.into_iter().map(|node| {
            let identifier = self.table.identifier(node).to_owned();
            (identifier, degrees[node as usize])
        });
        Top::new(rows.collect(), rows_max)
    }

    /// Leaves the pairs that a profile holds together by.
    fn keep_taken(&self, pairs: &mut Vec<(u32, u32)>) {
        let graph = &self.graph;
        pairs.retain(|(left, right)| {
            let cluster = self.cluster_of[*left as usize];
            cluster != NONE
                && cluster == self.cluster_of[*right as usize]
                && !graph.is(*left, CUT)
                && !graph.is(*right, CUT)
        });
    }

    fn count_bridges(&self, pairs: &[(u32, u32)], rows_max: usize, tally: &mut Tally) {
        let graph = &self.graph;
        let is_person = |node: u32| {
            let type_index = graph.type_index(node);
            type_index.is_some() && !self.rules.is_shareable(type_index)
        };
        let found = bridges(graph.flags.len(), pairs, is_person);
        tally.add(Count::Bridges, "", count(found.len()));
        let ends = |left: u32, right: u32| {
            let ranks = [left, right].map(|node| graph.rank[node as usize]);
            (ranks[0].min(ranks[1]), ranks[0].max(ranks[1]))
        };
        let found: Vec<_> = found
            .into_iter()
            .map(|one| (Reverse(one.smaller_side), ends(one.left, one.right)))
            .collect();
        let first = first(found, rows_max, Ord::cmp);
        let text = |rank: u32| self.table.identifier(graph.order[rank as usize]);
        let rows = first.into_iter().map(|(Reverse(side), (left, right))| {
            (format!("{} - {}", text(left), text(right)), side)
        });
        let list = Top::new(rows.collect(), rows_max);
        tally.lists.insert(List::Bridge, list);
    }
}

/// The first so many and one more, which says that there are more, in no order.
fn first<T>(
    mut all: Vec<T>,
    rows_max: usize,
    order: impl FnMut(&T, &T) -> std::cmp::Ordering,
) -> Vec<T> {
    if let Some(length) = rows_max.checked_add(1)
        && all.len() > length
    {
        all.select_nth_unstable_by(length, order);
        all.truncate(length);
    }
    all
}

/// Two types that were seen together.
pub(crate) fn pair_of_types(one: &str, other: &str) -> String {
    format!("{one}+{other}")
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
