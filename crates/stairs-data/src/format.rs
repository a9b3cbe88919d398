//! File formats, each a reader with all its checks.

pub mod cifar;
pub mod idx;
pub mod table;
