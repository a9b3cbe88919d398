//! Runnable examples, one file for each thing a user wants to do.
//!
//! | example | shows |
//! |---|---|
//! | `own_model` | a model of your own made ternary, trained, resumed, materialised |
//! | `hand_written_loop` | the same in a training loop of your own |
//! | `compare_estimators` | four published estimators on one layer, as a table and a figure |
//! | `own_law` | a noise law of your own, in one call and in a training |
//! | `capacity` | the capacity of a network of your own before training, as a chain and as any module |
//! | `synchronisation` | two units for which the order of the layers decides; the certificate of a plan |
//! | `read_run` | what a finished run has left: record, model, confusion matrix |
//!
//! ```text
//! cargo run --release -p stairs-examples --example own_model
//! ```
//!
//! All of them run on the embedded digits. The tests run each one in a small setting.
