//! All sources and models of a project, checked against each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::{Definition, Definitions};
use crate::fault::{Fault, Faults, SourceFile};
use crate::instances::{self, Instances};
use crate::layer::Layer;
use crate::lineage;
use crate::materialization::{self, Materialization};
use crate::model::{Body, Model, Step};
use crate::name::TableName;
use crate::nearest;
use crate::source::{Source, read_sources};
use crate::vars::{self, Vars};

/// One file of the `sql/` tree: its path below `sql/` with forward slashes, and its text.
#[derive(Debug, Clone)]
pub struct TreeFile {
    /// `features/order_features.sql`, say.
    pub path: String,
    /// The file, with the path to show.
    pub file: SourceFile,
}

/// What `cdp.toml` says of models.
#[derive(Debug, Clone, Copy)]
pub struct ModelSettings<'a> {
    /// The file.
    pub file: &'a SourceFile,
    /// Values of parameters.
    pub vars: &'a Vars,
    /// What churn is; `None` when that is at fault.
    pub definitions: Option<&'a Definitions>,
}

/// Everything that can be read and made.
#[derive(Debug, Clone)]
pub struct Manifest {
    sources: BTreeMap<TableName, Source>,
    models: BTreeMap<TableName, Model>,
    reads: BTreeMap<TableName, Vec<TableName>>,
    order: Vec<TableName>,
    instances: Instances,
}

impl Manifest {
    /// Reads a tree and gathers every fault in it.
    pub fn load(
        tree: &[TreeFile],
        settings: &ModelSettings<'_>,
        mut faults: Vec<Fault>,
    ) -> Result<Self, Faults> {
        let manifest = Self::read(tree, settings, &mut faults);
        Faults::check(faults)?;
        Ok(manifest)
    }

    /// Reads what is sound in a tree, to be looked at; faults are added to the list.
    pub fn read(tree: &[TreeFile], settings: &ModelSettings<'_>, faults: &mut Vec<Fault>) -> Self {
        let mut sources = BTreeMap::new();
        let before = faults.len();
        for file in tree.iter().filter(|file| file.path == "sources.toml") {
            let read = read_sources(&file.file, faults);
            sources.extend(read.into_iter().map(|source| (source.name.clone(), source)));
        }
        let mut whole = Whole {
            sources: faults.len() == before,
            models: true,
        };
        let before = faults.len();
        let mut models = read_models(tree, faults);
        whole.models = faults.len() == before;
        vars::apply(&mut models, settings.vars, settings.file, faults);
        let instances = settings
            .definitions
            .map(|definitions| instances::add(&mut models, definitions, settings.file, faults));
        let reads: BTreeMap<TableName, Vec<TableName>> = models
            .values()
            .map(|model| {
                let reads = reads_of(model, &models, &sources, whole, faults);
                (model.name.clone(), reads)
            })
            .collect();
        let order = lineage::order(&models, &reads, faults);
        let manifest = Self {
            sources,
            models,
            reads,
            order,
            instances: instances.unwrap_or_default(),
        };
        for model in manifest.models() {
            let inputs = manifest.inputs(&model.name);
            materialization::inputs_fit(model, &inputs, faults);
        }
        manifest
    }

    /// Every source, by name.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.sources.values()
    }

    /// A source by name.
    pub fn source(&self, name: &TableName) -> Option<&Source> {
        self.sources.get(name)
    }

    /// Every model, each after all that it reads.
    pub fn models(&self) -> impl Iterator<Item = &Model> {
        self.order.iter().filter_map(|name| self.models.get(name))
    }

    /// A model by name.
    pub fn model(&self, name: &TableName) -> Option<&Model> {
        self.models.get(name)
    }

    /// The tables of a definition of churn that stand for those of the main one.
    pub fn instances(&self, definition: &Definition) -> &BTreeMap<TableName, TableName> {
        static NONE: BTreeMap<TableName, TableName> = BTreeMap::new();
        self.instances.get(definition).unwrap_or(&NONE)
    }

    /// The model of a definition of churn that a name of the main one stands for.
    pub fn model_of(&self, name: &str, definition: &Definition) -> Option<&Model> {
        let name: TableName = name.parse().ok()?;
        let name = self.instances(definition).get(&name).unwrap_or(&name);
        self.models.get(name)
    }

    /// The model that holds the trained models of churn, by a definition of it.
    pub fn trainer(&self, definition: &Definition) -> Option<&Model> {
        let mut models = self.models();
        models
            .find(|model| model.step() == Some(Step::TrainChurn) && model.definition == *definition)
    }

    /// A model by name, or a fault that suggests the nearest name.
    pub fn expect_model(&self, text: &str) -> Result<&Model, Box<Fault>> {
        let known: Vec<String> = self.models.keys().map(TableName::to_string).collect();
        text.parse()
            .ok()
            .and_then(|name| self.models.get(&name))
            .ok_or_else(|| {
                let fault = Fault::new(format!("there is no model `{text}`"));
                Box::new(fault.hint(nearest::hint(text, known.iter().map(String::as_str))))
            })
    }

    /// The tables that a model reads for the same date, sources included.
    pub fn reads(&self, name: &TableName) -> &[TableName] {
        self.reads.get(name).map_or(&[], Vec::as_slice)
    }

    /// The models that read a table for the same date.
    pub fn read_by<'a>(&'a self, name: &'a TableName) -> impl Iterator<Item = &'a TableName> {
        self.reads
            .iter()
            .filter(move |(_, reads)| reads.contains(name))
            .map(|(reader, _)| reader)
    }

    /// The stored tables and sources that a model's rows depend on, through views and scratch.
    pub fn inputs(&self, name: &TableName) -> Vec<TableName> {
        self.upstream(name).1
    }

    /// The views and scratch models through which a model reads.
    pub fn inlined(&self, name: &TableName) -> Vec<TableName> {
        self.upstream(name).0
    }

    fn upstream(&self, name: &TableName) -> (Vec<TableName>, Vec<TableName>) {
        let (mut inlined, mut inputs) = (BTreeSet::new(), BTreeSet::new());
        let mut open: Vec<&TableName> = self.reads(name).iter().collect();
        while let Some(table) = open.pop() {
            match self.models.get(table) {
                Some(model) if !model.materialization.is_stored() => {
                    if inlined.insert(table.clone()) {
                        open.extend(self.reads(table));
                    }
                }
                _ => {
                    inputs.insert(table.clone());
                }
            }
        }
        (inlined.into_iter().collect(), inputs.into_iter().collect())
    }
}

fn read_models(tree: &[TreeFile], faults: &mut Vec<Fault>) -> BTreeMap<TableName, Model> {
    let by_path: BTreeMap<&str, &SourceFile> = tree
        .iter()
        .map(|file| (file.path.as_str(), &file.file))
        .collect();
    let mut models = BTreeMap::new();
    for (path, file) in &by_path {
        let Some((stem, extension)) = path.rsplit_once('.') else {
            continue;
        };
        let Some(name) = model_name(stem, file, faults) else {
            continue;
        };
        match extension {
            "toml" => {
                let query = by_path.get(format!("{stem}.sql").as_str()).copied();
                if let Some(model) = Model::read(name.clone(), file, query, faults) {
                    models.insert(name, model);
                }
            }
            "sql" if !by_path.contains_key(format!("{stem}.toml").as_str()) => faults.push(
                Fault::new("there is no sidecar beside it")
                    .hint(format!(
                        "write `sql/{stem}.toml`: description, owner, grain, …"
                    ))
                    .in_file(file),
            ),
            _ => {}
        }
    }
    models
}

/// The name that a path below `sql/` stands for; `None` for what is not a model.
fn model_name(stem: &str, file: &SourceFile, faults: &mut Vec<Fault>) -> Option<TableName> {
    let Some((folder, name)) = stem.split_once('/') else {
        if !["sources", "README"].contains(&stem) {
            faults.push(
                Fault::new("the file is in no layer's folder, so it is no model")
                    .hint("move it into the folder of its layer, such as `sql/features/`")
                    .in_file(file),
            );
        }
        return None;
    };
    let layer = folder
        .parse()
        .ok()
        .filter(|layer: &Layer| layer.has_models());
    let Some(layer) = layer else {
        let names: Vec<&str> = Layer::of_models().map(Layer::name).collect();
        faults.push(
            Fault::new(format!("`sql/{folder}/` is not a layer of models"))
                .hint(nearest::hint(folder, names.iter().copied()))
                .in_file(file),
        );
        return None;
    };
    TableName::new(layer, name)
        .map_err(|error| faults.push(Fault::new(error.to_string()).in_file(file)))
        .ok()
}

/// Which files were read without a fault: after one, a name may be missing only because of it.
#[derive(Clone, Copy)]
struct Whole {
    sources: bool,
    models: bool,
}

impl Whole {
    fn knows(self, layer: Layer) -> bool {
        if layer == Layer::Raw {
            self.sources
        } else {
            self.models
        }
    }
}

/// What a model reads, checked: known, of an allowed layer.
fn reads_of(
    model: &Model,
    models: &BTreeMap<TableName, Model>,
    sources: &BTreeMap<TableName, Source>,
    whole: Whole,
    faults: &mut Vec<Fault>,
) -> Vec<TableName> {
    let file;
    let mentioned: Vec<(TableName, std::ops::Range<usize>)> = match &model.body {
        Body::Sql(statement) => {
            file = statement.file();
            statement.tables().to_vec()
        }
        Body::Step { step, reads } => {
            file = &model.sidecar;
            step_reads(model, *step, reads, models, faults)
        }
        Body::Unread => return Vec::new(),
    };
    let mut reads = Vec::new();
    for (table, range) in mentioned {
        if !model.name.layer().may_read(table.layer()) {
            faults.push(
                layer_breach(&model.name, &table)
                    .at(file, range)
                    .label("read here"),
            );
        } else if !(models.contains_key(&table) || sources.contains_key(&table)) {
            if whole.knows(table.layer()) {
                let known: Vec<String> = sources
                    .keys()
                    .chain(models.keys())
                    .filter(|name| model.name.layer().may_read(name.layer()))
                    .map(TableName::to_string)
                    .collect();
                let near = nearest::nearest(&table.to_string(), known.iter().map(String::as_str));
                let hint = near.map_or_else(
                    || missing_hint(&table),
                    |name| format!("did you mean `{name}`?"),
                );
                let fault = Fault::new(format!("there is no table `{table}`"));
                faults.push(fault.hint(hint).at(file, range));
            }
        } else if table != model.name || !model.reads_past.contains(&table) {
            reads.push(table);
        }
    }
    for past in &model.reads_past {
        let partitioned = models
            .get(past)
            .is_some_and(|past| past.materialization.is_snapshot());
        if whole.models && !partitioned {
            faults.push(
                Fault::new(format!("`reads_past` names `{past}`, which keeps no past"))
                    .hint("only `partition` and `incremental` tables have earlier partitions")
                    .at_text(&model.sidecar, &["reads_past"], &past.to_string()),
            );
        }
    }
    reads
}

fn missing_hint(table: &TableName) -> String {
    match table.layer() {
        Layer::Raw => format!("declare `[sources.{}]` in sql/sources.toml", table.name()),
        _ => format!("write `sql/{}.sql` and `.toml`", table.path()),
    }
}

fn layer_breach(reader: &TableName, table: &TableName) -> Fault {
    match table.layer() {
        Layer::Raw => Fault::new(format!(
            "`{reader}` reads `{table}`, and only `staging` may read `raw`"
        ))
        .hint(format!("read `staging.{}` instead", table.name())),
        layer => Fault::new(format!(
            "`{reader}` reads `{table}`, and `{layer}` comes after `{}`",
            reader.layer()
        ))
        .hint(
            "data flows raw, staging, identity, profiles, features, scores, segments, activations",
        ),
    }
}

fn step_reads(
    model: &Model,
    step: Step,
    reads: &[String],
    models: &BTreeMap<TableName, Model>,
    faults: &mut Vec<Fault>,
) -> Vec<(TableName, std::ops::Range<usize>)> {
    let mut names = Vec::new();
    for text in reads {
        let range = model.sidecar.range_of(&["reads"], text).unwrap_or(0..0);
        if let Some(layer) = text.strip_suffix(".*").and_then(|layer| layer.parse().ok()) {
            let all = models.values().filter(|other| {
                other.name.layer() == layer
                    && other.name != model.name
                    && (step != Step::CollectSegments
                        || other.materialization == Materialization::View)
            });
            names.extend(all.map(|other| (other.name.clone(), range.clone())));
            continue;
        }
        match text.parse() {
            Ok(name) => names.push((name, range)),
            Err(error) => {
                faults.push(Fault::new(format!("`reads`: {error}")).at(&model.sidecar, range));
            }
        }
    }
    names
}
