//! Networks recorded from Burn modules.
#![cfg(feature = "flex")]
#![allow(missing_docs)]

mod record;
