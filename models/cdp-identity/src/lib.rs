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

mod blocked;
mod clusters;
mod config;
mod graph;
mod normalise;
mod resolve;
mod rules;
mod stable_id;
mod union_find;

pub use clusters::Rule;
pub use config::{IdentityFault, RawIdentifierType, RawIdentityConfig};
pub use resolve::{Assignment, Evidence, PreviousAssignment, RefusedLink, Resolution, resolve};
pub use rules::{IdentityRules, UnknownIdentifierType};
