//! How many unions each rule made.

use std::collections::BTreeMap;

use crate::links::{Cause, Link, each_between};
use crate::profile_map::ProfileMap;
use crate::union_find::UnionFind;
use crate::violation::NONE;

/// Profiles are looked at in so many parts, so that few links are in memory at once.
const PARTS: u32 = 8;

/// A link within a profile. Only the order of those of one profile matters.
#[derive(Clone, Copy, Debug)]
struct Joint {
    cluster: u32,
    cause: Cause,
    first_seen: i64,
    left: u32,
    right: u32,
    source: u32,
}

/// What makes two links the work of one rule, and a link of it with the number of unions.
type Unions = BTreeMap<(Cause, [Option<usize>; 2], u32), (Link, usize)>;

impl ProfileMap {
    /// How many unions each rule made, such as `email+user_id@orders`.
    pub(crate) fn unions(&self) -> BTreeMap<String, usize> {
        let mut sets = UnionFind::new(self.table.node_count());
        let mut unions = Unions::new();
        for part in 0..PARTS {
            self.add_unions(part, &mut sets, &mut unions);
        }
        let mut of_rule: BTreeMap<String, usize> = BTreeMap::new();
        for (link, count) in unions.into_values() {
            *of_rule.entry(self.rule_of(&link)).or_default() += count;
        }
        of_rule
    }

    /// Links the profiles of a part once more, the strongest link first.
    fn add_unions(&self, part: u32, sets: &mut UnionFind, unions: &mut Unions) {
        let cluster = |node: u32| self.cluster_of[node as usize];
        let is_inside = |left: u32, right: u32| {
            let one = cluster(left);
            one != NONE && one % PARTS == part && left != right && one == cluster(right)
        };
        let mut joints = Vec::new();
        each_between(self, is_inside, |link| {
            joints.push(Joint {
                cluster: cluster(link.left),
                cause: link.cause,
                first_seen: link.first_seen,
                left: link.left,
                right: link.right,
                source: link.source,
            });
        });
        joints.sort_unstable_by(|one, other| {
            let first = |joint: &Joint| (joint.cluster, joint.cause, joint.first_seen);
            let then = || self.ends(one).cmp(&self.ends(other));
            first(one).cmp(&first(other)).then_with(then)
        });
        for joint in joints {
            if sets.union(joint.left, joint.right) {
                let mut types = [joint.left, joint.right].map(|node| self.graph.type_index(node));
                types.sort_unstable();
                let key = (joint.cause, types, joint.source);
                unions.entry(key).or_insert_with(|| (joint.link(), 0)).1 += 1;
            }
        }
    }

    fn ends(&self, joint: &Joint) -> (u32, u32, Option<&str>) {
        let ends = [joint.left, joint.right].map(|node| self.graph.rank[node as usize]);
        let source = (joint.source != NONE).then(|| self.table.source(joint.source));
        (ends[0].min(ends[1]), ends[0].max(ends[1]), source)
    }
}

impl Joint {
    fn link(&self) -> Link {
        Link {
            left: self.left,
            right: self.right,
            cause: self.cause,
            source: self.source,
            first_seen: self.first_seen,
            last_seen: self.first_seen,
            count: 0,
        }
    }
}
