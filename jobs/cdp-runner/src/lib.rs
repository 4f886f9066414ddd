//! Does a plan: task by task, checks before publication, a ledger of everything that was done.
//!
//! A [`Project`] is a checked configuration with its models and its lake. It makes a plan, runs it,
//! loads files, answers queries, writes what people decide about identities and runs the tests of
//! models. Whoever calls it lends it a clock
//! ([`Host`]) and listens to it ([`Observer`]); nothing here prints or exits.

mod case;
mod closing;
mod event;
mod explain;
mod fingerprint;
mod health;
mod horizon;
mod leakage;
mod ledger;
mod linkage;
mod log;
mod look;
mod matrix;
mod models;
mod overrides;
mod project;
mod record;
mod registry;
mod report;
mod run;
mod run_context;
mod state;
mod steps;
mod supply;
mod task;
mod training;
mod verify;

pub use case::CaseResult;
pub use event::{Event, Host, Observer};
pub use explain::{
    AskError, Consent, Field, FormerId, HistoryRow, LinkExplanation, Member, Presence,
    ProfileExplanation, ProfileStanding, Refusal, Said, Step, Whereabouts,
};
pub use health::{BrokenCheck, HealthFigure, IdentityHealth};
pub use horizon::{CutoffCounts, OrderRhythm};
pub use leakage::{ChangedFeature, LeakageCheck};
pub use ledger::RunRow;
pub use linkage::{LinkedPair, LinkedPairs, PairsAsked, TrainedWeights};
pub use log::BuildsOn;
pub use models::ModelRow;
pub use overrides::{
    AffectedProfile, Change, ChangeType, KnownOverride, Move, Obstacle, OverrideKind, OverrideRow,
    Preview, Related, Relation, Standing, TakenBack, profile_id_in,
};
pub use project::{Project, ProjectError};
pub use record::{Outcome, RunSettings, RunSummary, TaskRecord, TaskStatus};
pub use registry::{Action, Alias, AliasRow, Aliases, JudgedModel, ModelProfit};
pub use supply::{SilentDays, TrainingData};
pub use verify::{Difference, Verification};
