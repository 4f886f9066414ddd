//! The order of models: each after all that it reads.

use std::collections::{BTreeMap, BTreeSet};

use crate::fault::Fault;
use crate::model::Model;
use crate::name::TableName;

/// Layer by layer, and within a layer each model after what it reads. A cycle is a fault that names
/// its path.
pub(crate) fn order(
    models: &BTreeMap<TableName, Model>,
    reads: &BTreeMap<TableName, Vec<TableName>>,
    faults: &mut Vec<Fault>,
) -> Vec<TableName> {
    let mut walk = Walk {
        models,
        reads,
        done: BTreeSet::new(),
        path: Vec::new(),
        order: Vec::new(),
        faults,
    };
    for name in models.keys() {
        walk.visit(name);
    }
    let mut order = walk.order;
    // The sort is stable, so the order within a layer stays one of dependence.
    order.sort_by_key(TableName::layer);
    order
}

struct Walk<'a> {
    models: &'a BTreeMap<TableName, Model>,
    reads: &'a BTreeMap<TableName, Vec<TableName>>,
    done: BTreeSet<TableName>,
    path: Vec<TableName>,
    order: Vec<TableName>,
    faults: &'a mut Vec<Fault>,
}

impl Walk<'_> {
    fn visit(&mut self, name: &TableName) {
        if self.done.contains(name) || !self.models.contains_key(name) {
            return;
        }
        if let Some(start) = self.path.iter().position(|other| other == name) {
            self.cycle(start);
            return;
        }
        self.path.push(name.clone());
        let main = self
            .models
            .get(name)
            .and_then(|model| model.stands_for.as_ref());
        for read in main
            .into_iter()
            .chain(self.reads.get(name).into_iter().flatten())
        {
            self.visit(read);
        }
        self.path.pop();
        self.done.insert(name.clone());
        self.order.push(name.clone());
    }

    fn cycle(&mut self, start: usize) {
        let mut names: Vec<String> = self.path[start..]
            .iter()
            .map(|n| format!("`{n}`"))
            .collect();
        names.push(names[0].clone());
        let first = &self.path[start];
        let fault = Fault::new(format!(
            "models read each other in a cycle: {}",
            names.join(" → ")
        ))
        .hint("a table's own earlier partitions are read by naming it in `reads_past`");
        let file = self.models.get(first).map(|model| {
            model
                .statement()
                .map_or(&model.sidecar, |statement| statement.file())
        });
        self.faults.push(match file {
            Some(file) => fault.in_file(file),
            None => fault,
        });
    }
}
