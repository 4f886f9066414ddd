//! Which sources know an identifier.

use std::collections::HashMap;

use crate::profile_map::ProfileMap;

/// The sources of each identifier of a map. Few different sets of sources occur, so each identifier
/// has the number of one.
#[derive(Debug)]
pub struct Sources {
    /// Names, sorted, with commas between, for each set.
    sets: Vec<String>,
    /// The set of each row of the map.
    set_of: Vec<u32>,
}

impl ProfileMap {
    /// Which sources name each identifier.
    pub fn sources(&self) -> Sources {
        let mut sets: Vec<Vec<u32>> = vec![Vec::new()];
        let mut larger: HashMap<(u32, u32), u32> = HashMap::new();
        let mut numbers: HashMap<Vec<u32>, u32> = HashMap::from([(Vec::new(), 0)]);
        let mut set_of = vec![0; self.table.node_count() as usize];
        for row in self.table.rows() {
            for node in [row.left, row.right] {
                let set = set_of[node as usize];
                if sets[set as usize].contains(&row.source) {
                    continue;
                }
                set_of[node as usize] = *larger.entry((set, row.source)).or_insert_with(|| {
                    let mut members = sets[set as usize].clone();
                    members.push(row.source);
                    members.sort_unstable();
                    let next = crate::texts::to_number(sets.len());
                    *numbers.entry(members.clone()).or_insert_with(|| {
                        sets.push(members);
                        next
                    })
                });
            }
        }
        let named = sets.into_iter().map(|set| {
            let mut names: Vec<_> = set.into_iter().map(|one| self.table.source(one)).collect();
            names.sort_unstable();
            names.join(",")
        });
        Sources {
            sets: named.collect(),
            set_of: self
                .rows
                .iter()
                .map(|node| set_of[*node as usize])
                .collect(),
        }
    }
}

impl Sources {
    /// The sources of the identifier at a place below [`ProfileMap::len`], sorted, with commas
    /// between.
    pub fn of(&self, index: usize) -> &str {
        &self.sets[self.set_of[index] as usize]
    }
}
