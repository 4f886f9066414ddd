//! Who is who: identifiers in, one profile per person out.
//!
//! The story has three parts, each a pure function of its arguments.
//!
//! 1. [`RawIdentityConfig`] is what a team wrote under `[identity]`.
//!    [`IdentityRules::from_config`] checks it once, at the door, and names every fault it finds.
//! 2. [`IdentityRules::identifier`] turns a value such as `" Jane@Shop.DE "` into the identifier
//!    `email:jane@shop.de`, or into nothing when the value is a placeholder that names nobody.
//! 3. [`resolve`] takes [`Evidence`] that identifiers were seen together, links the strongest
//!    first, refuses each link that would break a limit, and gives every cluster a profile id that
//!    outlives reruns, rebuilds and changes of the rules.
//!
//! The order of the rows never changes a result.

mod affected;
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
mod resolve;
mod resolver;
mod rules;
mod settle;
mod stable_id;
mod texts;
mod union_find;
mod violation;

pub use affected::Affected;
pub use changes::{Change, ChangeKind};
pub use config::{IdentityFault, RawIdentifierType, RawIdentityConfig};
pub use evidence::EvidenceTable;
pub use explain::{Hop, Path};
pub use health::Health;
pub use overrides::{Override, OverrideKind};
pub use previous::{PreviousMap, PreviousRow};
pub use profile_map::{MapRow, ProfileMap};
pub use resolve::{Assignment, Evidence, PreviousAssignment, RefusedLink, Resolution, resolve};
pub use resolver::Resolver;
pub use rules::{IdentityRules, UnknownIdentifierType};
pub use union_find::connected_components;
pub use violation::{Rule, Violation};
