//! A made-up web shop: the raw tables that a customer data platform is fed with, and the truth.
//!
//! [`generate`] writes one file per raw source (`web_events.jsonl`, `orders.csv`, …) and two files
//! of truth: who is who (`truth/identifiers.csv`) and how likely each person was to stop buying
//! (`truth/people.csv`). The same [`WorldSpec`] always gives the same bytes.
//!
//! A person is drawn from the seed and the person's number alone, so growing the world adds people
//! and changes none. Rows come person by person, and memory holds one person at a time.
//!
//! Purchases are a Poisson process that ends with an exponentially distributed drop-out. Nothing a
//! person does hints at a drop-out or a purchase still to come, other than through the person's
//! fixed traits, so the probability in `truth/people.csv` is one that no model can beat in the long
//! run: see [`true_churn_probability`]. It knows what nobody can see, too, such as whether the drop-out
//! has come already; what can be known from outside at best, [`knowable_churn_probabilities`] tells.
//!
//! Nobody in it is real: surnames and towns are invented, mail domains end in `.test`, and phone
//! numbers start with the unassigned country code 999.

mod behaviour;
mod catalogue;
mod commerce;
mod consent;
mod contact;
mod draw;
mod email;
mod identity;
mod life;
mod names;
mod noise;
mod outsider;
mod owners;
mod person;
mod scene;
mod sheet;
mod spec;
mod subscription;
mod support;
mod table;
mod time;
mod truth;
mod world;

pub use outsider::knowable_churn_probabilities;
pub use owners::{Agreement, Owners};
pub use sheet::Files;
pub use spec::{FileRows, Summary, TruthSpec, WorldSpec};
pub use truth::true_churn_probability;
pub use world::generate;
