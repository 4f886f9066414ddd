//! Who is who: identifiers in, one profile per person out.
//!
//! The story has three parts, each a pure function of its arguments.
//!
//! 1. [`RawIdentityConfig`] is what a team wrote under `[identity]`.
//!    [`IdentityRules::from_config`] checks it once, at the door, and names every fault it finds.
//! 2. [`IdentityRules::identifier`] turns a value such as `" Jane@Shop.DE "` into the identifier
//!    `email:jane@shop.de`, or into nothing when the value is a placeholder that names nobody.
//! 3. [`Resolver`] takes an [`EvidenceTable`] of identifiers that were seen together, and a
//!    [`ProfileMap`] comes out: each identifier once, with the id of its profile. An id outlives
//!    reruns, rebuilds and changes of the rules.
//!
//! The order of the rows and the number of threads never change a result, and what becomes of a
//! component of evidence depends on nothing outside it.
//!
//! | module | what it does |
//! |---|---|
//! | `config`, `rules`, `normalise`, `blocked` | what a team wrote, checked; values made comparable |
//! | `texts`, `evidence`, `previous` | what comes in, in columns: every text once, then numbers |
//! | `overrides`, `hashed` | what people say, and what a hash proves, before evidence is asked |
//! | `graph`, `union_find` | what is known of each identifier, who is blocked, what hangs together |
//! | `components` | components that break no limit are clusters; the others become cases |
//! | `settle`, `linker`, `limits` | one case: the strongest link first, none that breaks a limit |
//! | `stable_id` | ids that last, and come back when a merge is undone |
//! | `resolver`, `profile_map`, `violation` | all of it in order; the map; what was not done |
//! | `affected` | steps that read only what new evidence concerns: the protocol stands there |
//! | `changes`, `explain`, `links` | what changed and why; paths |
//! | `tally`, `health`, `unions`, `bridges` | counts that days add to, and the figures they tell |
//! | `sources` | which sources know an identifier |

pub mod affected;
mod blocked;
mod bridges;
mod changes;
mod components;
mod config;
mod evidence;
mod explain;
mod graph;
mod hashed;
mod health;
mod limits;
mod linker;
mod links;
mod normalise;
mod overrides;
mod previous;
mod profile_map;
mod resolver;
mod rules;
mod settle;
mod sources;
mod stable_id;
mod tally;
mod texts;
mod union_find;
mod unions;
mod violation;

pub use affected::{Affected, Scope};
pub use changes::{Change, ChangeKind};
pub use config::{IdentityFault, RawIdentifierType, RawIdentityConfig};
pub use evidence::EvidenceTable;
pub use explain::{Branch, Hop, Path, Tree};
pub use graph::identifier_type;
pub use hashed::is_same;
pub use health::Health;
pub use normalise::{
    is_valid_email, is_valid_phone, sha256_of, standard_birth_date, standard_country,
    standard_language,
};
pub use overrides::{Override, OverrideKind};
pub use previous::{PreviousMap, PreviousRow};
pub use profile_map::{MapRow, ProfileMap};
pub use resolver::Resolver;
pub use rules::{IdentityRules, UnknownIdentifierType};
pub use sources::Sources;
pub use tally::{Count, List, Tally, Top};
pub use union_find::connected_components;
pub use violation::{Rule, Violation};
