//! stairs-noise

pub mod error;
pub mod law;
pub mod noise;
pub mod table;

pub use error::LawError;
pub use law::Law;
pub use noise::Noise;
pub use table::NoiseTable;
