//! The links that were taken, one by one.

use crate::components::Classes;
use crate::evidence::Row;
use crate::graph::CUT;
use crate::hashed::Known;
use crate::overrides::OverrideKind;
use crate::profile_map::ProfileMap;
use crate::violation::NONE;

/// Why two identifiers are linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// One is the hash of the other.
    Hash,
    /// The override at this place.
    Override(u32),
    /// Evidence of this class.
    Evidence(u32),
    /// Weak evidence of this class.
    Weak(u32),
}

/// Two identifiers that something links.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    pub(crate) left: u32,
    pub(crate) right: u32,
    pub(crate) cause: Cause,
    pub(crate) source: u32,
    pub(crate) first_seen: i64,
    pub(crate) last_seen: i64,
    pub(crate) count: u64,
}

impl Link {
    fn of_rows(row: Row, cause: Cause) -> Self {
        Self {
            left: row.left,
            right: row.right,
            cause,
            source: row.source,
            first_seen: row.first_seen,
            last_seen: row.last_seen,
            count: row.count,
        }
    }

    fn without_evidence(left: u32, right: u32, cause: Cause) -> Self {
        Self {
            left,
            right,
            cause,
            source: NONE,
            first_seen: i64::MIN,
            last_seen: i64::MIN,
            count: 0,
        }
    }
}

/// Everything that links identifiers of the same cluster, for clusters of choice, the strongest
/// first. Evidence of several sources is one link for each.
pub(crate) fn strongest_first(map: &ProfileMap, of: impl Fn(u32) -> bool) -> Vec<Link> {
    let is_chosen = |left: u32, right: u32| {
        let cluster = map.cluster_of[left as usize];
        left != right && cluster != NONE && cluster == map.cluster_of[right as usize] && of(cluster)
    };
    all_between(map, is_chosen)
}

/// Everything that links two identifiers, for pairs of choice, the strongest first.
pub(crate) fn all_between(map: &ProfileMap, is_chosen: impl Fn(u32, u32) -> bool) -> Vec<Link> {
    let graph = &map.graph;
    let mut links = Vec::new();
    each_between(map, is_chosen, |link| links.push(link));
    links.sort_unstable_by_key(|link| {
        let ends = [link.left, link.right].map(|node| graph.rank[node as usize]);
        let ends = (ends[0].min(ends[1]), ends[0].max(ends[1]));
        let source = (link.source != NONE).then(|| map.table.source(link.source));
        (link.cause, link.first_seen, ends, source)
    });
    links
}

/// Everything that links two identifiers, for pairs of choice, in no particular order.
pub(crate) fn each_between(
    map: &ProfileMap,
    is_chosen: impl Fn(u32, u32) -> bool,
    mut take: impl FnMut(Link),
) {
    let classes = Classes::new(&map.rules);
    let graph = &map.graph;
    for row in map.table.rows() {
        if is_chosen(row.left, row.right) && !graph.is(row.left, CUT) && !graph.is(row.right, CUT) {
            let types = [row.left, row.right].map(|node| graph.type_index(node));
            let class = classes.of(types[0], types[1]);
            let cause = if graph.is_weak(row.source) {
                Cause::Weak(class)
            } else {
                Cause::Evidence(class)
            };
            take(Link::of_rows(row, cause));
        }
    }
    for (left, right) in &graph.twins {
        if is_chosen(*left, *right) {
            take(Link::without_evidence(*left, *right, Cause::Hash));
        }
    }
    let known = Known::of_overrides(&map.table, &map.overrides);
    for (index, one) in (0..).zip(&map.overrides) {
        let right = one.other().and_then(|right| known.node(right));
        let ends = (known.node(&one.left), right);
        if let (OverrideKind::Link, (Some(left), Some(right))) = (one.kind, ends)
            && one.valid_from <= map.today
            && is_chosen(left, right)
        {
            take(Link::without_evidence(left, right, Cause::Override(index)));
        }
    }
}

impl ProfileMap {
    /// The rule behind a link, such as `email+user_id@orders`, `override:17` or `hash`.
    pub(crate) fn rule_of(&self, link: &Link) -> String {
        match link.cause {
            Cause::Hash => "hash".to_owned(),
            Cause::Override(index) => {
                format!("override:{}", self.overrides[index as usize].override_id)
            }
            Cause::Evidence(_) | Cause::Weak(_) => {
                let types = [link.left, link.right];
                let mut types =
                    types.map(|node| crate::graph::identifier_type(self.table.identifier(node)));
                types.sort_unstable();
                format!(
                    "{}+{}@{}",
                    types[0],
                    types[1],
                    self.table.source(link.source)
                )
            }
        }
    }
}
