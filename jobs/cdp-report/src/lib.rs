//! One self-contained HTML page about the churn scores of a run.
//!
//! Data goes in as a [`Report`], the text of a page comes out of [`page`]. The page needs nothing
//! else: no script, no font, no picture and no other address. Whatever is told of customers passes
//! through the module `markup`, which escapes it.

mod curves;
mod data;
mod figure;
mod markup;
mod page;
mod plot;
mod section;
mod table;
mod words;

pub use data::{
    Cohort, Customer, FeatureWeight, ModelInService, NotScored, Offer, Outcome, Reason, Report,
    ScoredDay, Shift, ShiftLevel, Training,
};
pub use page::page;
pub use words::{calibrated, count, counted, definition, population};
