#![doc = include_str!("../README.md")]
//!
//! | file | what |
//! |---|---|
//! | `network` | the graph |
//! | `op` | operations and the shapes they give |
//! | `window` | kernels and pools: the formula of sizes |
//! | `stair` | quantisers of features and weights |
//! | `array` | numbers of a parameter |
//! | `run` | evaluation in f64 |
//! | `cost` | parameters, multiplications, bits, memory |
//! | `allocation` | bits for every layer under a budget |
//! | `picture` | the graph drawn |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod allocation;
mod array;
mod cost;
mod error;
mod network;
mod op;
mod picture;
mod run;
mod stair;
mod window;

pub use allocation::{Allocation, AllocationError, Budget, Choice, WeightLayer, minimise};
pub use array::Array;
pub use cost::{Cost, Precision, Totals};
pub use error::{NetworkError, RunError};
pub use network::{Network, NetworkBuilder, Node, Source};
pub use op::Op;
pub use stair::{Comparison, Stair, StairWeight, Weight};
pub use window::Window;
