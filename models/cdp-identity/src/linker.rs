//! Sets of nodes that know what they hold, and refuse to join when a limit speaks against it.

use crate::limits::Limit;
use crate::texts::to_number;
use crate::violation::Rule;

/// A node as limits see it.
pub(crate) struct Member {
    /// The place of the limit of its type, if its type has one.
    pub(crate) slot: Option<usize>,
    pub(crate) first_seen: i64,
    /// Whether it counts. The hash of another member does not.
    pub(crate) counts: bool,
}

/// What speaks against a link.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Objection {
    /// The limit at this place.
    Limit(usize),
    /// The override at this place.
    Never(u32),
    /// The set would be too large.
    Size,
}

impl Objection {
    pub(crate) fn rule(self, limits: &[Limit]) -> Rule {
        match self {
            Self::Limit(slot) => limits[slot].rule,
            Self::Never(_) => Rule::NeverLink,
            Self::Size => Rule::ClusterSize,
        }
    }
}

/// The members of one component, as they are linked.
#[derive(Clone, Debug)]
pub(crate) struct Linker<'l> {
    limits: &'l [Limit],
    size_max: u32,
    parent: Vec<u32>,
    size: Vec<u32>,
    /// For each root and limit, when the values of the type were first seen, sorted.
    times: Vec<Vec<i64>>,
    /// For each root, the nodes that must never join it, and the override that says so.
    nevers: Vec<Vec<(u32, u32)>>,
}

impl<'l> Linker<'l> {
    pub(crate) fn new(
        limits: &'l [Limit],
        size_max: u32,
        members: impl ExactSizeIterator<Item = Member>,
    ) -> Self {
        let count = members.len();
        let mut times = vec![Vec::new(); count * limits.len()];
        let mut size = vec![0; count];
        for (node, member) in members.enumerate() {
            if member.counts {
                size[node] = 1;
                if let Some(slot) = member.slot {
                    times[node * limits.len() + slot].push(member.first_seen);
                }
            }
        }
        Self {
            limits,
            size_max,
            parent: (0..to_number(count)).collect(),
            size,
            times,
            nevers: Vec::new(),
        }
    }

    pub(crate) fn find(&mut self, mut node: u32) -> u32 {
        while self.parent[node as usize] != node {
            let parent = self.parent[node as usize];
            self.parent[node as usize] = self.parent[parent as usize];
            node = self.parent[node as usize];
        }
        node
    }

    /// From now on the sets of two nodes never join. They must be two.
    pub(crate) fn never(&mut self, left: u32, right: u32, by: u32) {
        self.nevers.resize(self.parent.len(), Vec::new());
        let (left_root, right_root) = (self.find(left), self.find(right));
        self.nevers[left_root as usize].push((right, by));
        self.nevers[right_root as usize].push((left, by));
    }

    /// Links two nodes by force: only an override can speak against it.
    pub(crate) fn force(&mut self, left: u32, right: u32) -> Result<(), Objection> {
        let (left, right) = (self.find(left), self.find(right));
        if left != right {
            self.check_nevers(left, right)?;
            self.join(left, right);
        }
        Ok(())
    }

    /// Links two nodes unless something speaks against it. True when they were not linked before.
    pub(crate) fn link(&mut self, left: u32, right: u32) -> Result<bool, Objection> {
        let (left, right) = (self.find(left), self.find(right));
        if left == right {
            return Ok(false);
        }
        self.check_nevers(left, right)?;
        self.check_limits(left, right)?;
        if self.size[left as usize] + self.size[right as usize] > self.size_max {
            return Err(Objection::Size);
        }
        self.join(left, right);
        Ok(true)
    }

    fn check_nevers(&mut self, left: u32, right: u32) -> Result<(), Objection> {
        if self.nevers.is_empty() {
            return Ok(());
        }
        let lengths = [left, right].map(|root| self.nevers[root as usize].len());
        let (few, other) = if lengths[0] <= lengths[1] {
            (left, right)
        } else {
            (right, left)
        };
        let mut first: Option<u32> = None;
        for place in 0..self.nevers[few as usize].len() {
            let (node, by) = self.nevers[few as usize][place];
            if self.find(node) == other {
                first = Some(first.map_or(by, |first| first.min(by)));
            }
        }
        first.map_or(Ok(()), |by| Err(Objection::Never(by)))
    }

    /// A side that holds none of a type makes nothing worse that a person made.
    fn check_limits(&self, left: u32, right: u32) -> Result<(), Objection> {
        for (slot, limit) in self.limits.iter().enumerate() {
            let [left, right] = [left, right].map(|root| &self.times[self.at(root, slot)]);
            if left.is_empty() || right.is_empty() || left.len() + right.len() <= limit.max as usize
            {
                continue;
            }
            if limit.within.is_none() || limit.is_broken_by(&merged(left, right)) {
                return Err(Objection::Limit(slot));
            }
        }
        Ok(())
    }

    fn join(&mut self, left: u32, right: u32) {
        let (root, below) = if self.size[left as usize] >= self.size[right as usize] {
            (left, right)
        } else {
            (right, left)
        };
        self.parent[below as usize] = root;
        self.size[root as usize] += self.size[below as usize];
        for slot in 0..self.limits.len() {
            let (into, from) = (self.at(root, slot), self.at(below, slot));
            let from = std::mem::take(&mut self.times[from]);
            if !from.is_empty() {
                self.times[into] = merged(&self.times[into], &from);
            }
        }
        if !self.nevers.is_empty() {
            let mut few = std::mem::take(&mut self.nevers[below as usize]);
            let many = &mut self.nevers[root as usize];
            if few.len() > many.len() {
                std::mem::swap(&mut few, many);
            }
            many.append(&mut few);
        }
    }

    fn at(&self, root: u32, slot: usize) -> usize {
        root as usize * self.limits.len() + slot
    }
}

fn merged(left: &[i64], right: &[i64]) -> Vec<i64> {
    let mut all = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    while let (Some(one), Some(other)) = (left.peek(), right.peek()) {
        let next = if one <= other { &mut left } else { &mut right };
        all.extend(next.next());
    }
    all.extend(left);
    all.extend(right);
    all
}
