//! Disjoint sets of nodes, with path halving and union by size.

/// Which nodes belong together.
#[derive(Debug)]
pub(crate) struct UnionFind {
    parent: Vec<u32>,
    /// The number of nodes below each root. Meaningless for other nodes.
    size: Vec<u32>,
}

impl UnionFind {
    /// Every node by itself.
    pub(crate) fn new(node_count: u32) -> Self {
        Self {
            parent: (0..node_count).collect(),
            size: vec![1; node_count as usize],
        }
    }

    /// The root of the set that holds a node.
    pub(crate) fn find(&mut self, mut node: u32) -> u32 {
        while self.parent[node as usize] != node {
            let parent = self.parent[node as usize];
            let grandparent = self.parent[parent as usize];
            self.parent[node as usize] = grandparent;
            node = grandparent;
        }
        node
    }

    /// How many nodes the set of a root holds.
    pub(crate) fn size(&self, root: u32) -> u32 {
        self.size[root as usize]
    }

    /// Joins the sets of two different roots. The first of the answer is the root of both now.
    pub(crate) fn union(&mut self, left: u32, right: u32) -> (u32, u32) {
        assert_ne!(left, right, "a set is joined with another set");
        let (large, small) = if self.size(left) >= self.size(right) {
            (left, right)
        } else {
            (right, left)
        };
        self.parent[small as usize] = large;
        self.size[large as usize] += self.size(small);
        (large, small)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_grow_by_union_and_keep_their_sizes() {
        let mut sets = UnionFind::new(5);
        assert_eq!(sets.union(0, 1), (0, 1));
        assert_eq!(sets.union(2, 0), (0, 2));
        let root = sets.find(2);
        assert_eq!(sets.find(1), root);
        assert_eq!(sets.size(root), 3);
        assert_eq!(sets.find(4), 4);
        assert_eq!(sets.size(4), 1);
    }
}
