//! Disjoint sets of nodes.

/// Which nodes belong together. The root of a set is its smallest node, and every node points to
/// a smaller one or to itself.
#[derive(Clone, Debug)]
pub(crate) struct UnionFind {
    parent: Vec<u32>,
}

impl UnionFind {
    /// Every node by itself.
    pub(crate) fn new(node_count: u32) -> Self {
        Self {
            parent: (0..node_count).collect(),
        }
    }

    /// The root of the set that holds a node. Halves the path on its way.
    pub(crate) fn find(&mut self, mut node: u32) -> u32 {
        loop {
            let parent = self.parent[node as usize];
            if parent == node {
                return node;
            }
            let grandparent = self.parent[parent as usize];
            self.parent[node as usize] = grandparent;
            node = grandparent;
        }
    }

    /// Joins the sets of two nodes, if they are two.
    pub(crate) fn union(&mut self, left: u32, right: u32) -> bool {
        let (left, right) = (self.find(left), self.find(right));
        self.parent[left.max(right) as usize] = left.min(right);
        left != right
    }

    /// The root of each node.
    pub(crate) fn into_roots(mut self) -> Vec<u32> {
        // Parents are smaller, so they are done before their children.
        for node in 0..self.parent.len() {
            self.parent[node] = self.parent[self.parent[node] as usize];
        }
        self.parent
    }
}

/// Which of so many nodes hang together through these pairs. For each node the smallest node of its
/// component.
pub fn connected_components(nodes: u32, pairs: impl Iterator<Item = (u32, u32)>) -> Vec<u32> {
    let mut sets = UnionFind::new(nodes);
    for (left, right) in pairs {
        sets.union(left, right);
    }
    sets.into_roots()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_grow_by_union() {
        let mut sets = UnionFind::new(6);
        for (left, right, is_new) in [(5, 4, true), (1, 5, true), (4, 1, false), (3, 2, true)] {
            assert_eq!(sets.union(left, right), is_new);
        }
        assert_eq!(sets.find(5), 1);
        assert_eq!(sets.into_roots(), [0, 1, 2, 2, 1, 1]);
    }
}
