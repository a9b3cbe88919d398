//! Reports from run records alone: a table for the terminal and one self-contained HTML page.
//!
//! Records are read by [`read_record`] (one file) or [`collect_records`] (a directory tree), grouped by what they
//! trained ([`Study`]: data set and model) and how ([`Group`]: everything but the seed), and shown by
//! [`Report`]. Experiments have a [`Page`] each. Nothing else is read: a page can be made on another machine, later, or while runs are still missing.

mod accuracies;
mod annealing;
mod capacity;
mod choice;
mod curves;
mod error;
pub(crate) mod grid;
mod group;
mod laws;
mod load;
mod mixed;
pub(crate) mod number;
mod page;
mod paired;
mod results;
pub(crate) mod shell;
mod stairs;
mod table;
mod unfinished;
mod weights;

pub use annealing::GridPage;
pub use capacity::{BoundPage, LowerPage, NetworkChoicePage, TrainingPage, VariancePage};
pub use choice::ChoicePage;
pub use error::ReportError;
pub use group::{Group, Stat, Study, studies};
pub use load::{collect_records, read_record};
pub use mixed::{MixedPage, Width};
pub use page::Report;
pub use paired::{Comparison, PairedPage};
pub use results::{Page, Results, RunsPage};
pub use table::text_table;
pub use unfinished::Unfinished;

#[cfg(test)]
mod tests;
