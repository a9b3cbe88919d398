//! Shared by the tests.
#![allow(dead_code, missing_docs, unreachable_pub)]

pub mod golden;
