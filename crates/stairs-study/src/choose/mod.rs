//! Choosing a network before it is trained: candidates under a budget, what they cost, what measures say of them.
//!
//! | file | what |
//! |---|---|
//! | `space`, `candidate` | the networks there are |
//! | `budget`, `cost` | what they may cost, what they do cost |
//! | `score` | what measures say of them, and what each took |
//! | `config`, `run` | a choice: counted, measured, cached, ranked |
//! | `front` | Pareto fronts |
//! | `trained` | the best and as many random ones, trained: was the choice worth it? |
//! | `text`, `page` | what a person sees |

mod budget;
mod candidate;
mod config;
mod cost;
mod error;
mod front;
mod page;
mod run;
mod score;
mod space;
mod text;
mod trained;

pub use budget::{Budget, Resource};
pub use candidate::Candidate;
pub use config::{ChooseConfig, Measuring};
pub use cost::Costs;
pub use error::ChooseError;
pub use front::front;
pub use page::{choice_figure, choice_page, write_page};
pub use run::{Choice, Measured, choose};
pub use score::{Score, Scores, TWO_SCALE, measures};
pub use space::Space;
pub use text::{advice, choice_table};
pub use trained::{Trained, TrainedNetwork, TrainingOptions, train};
