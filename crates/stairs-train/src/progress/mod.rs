//! What a run shows while it trains.
//!
//! | display | where |
//! |---|---|
//! | [`Display::Dashboard`] | burn-train's full-screen dashboard (feature `tui`) |
//! | [`Display::Bar`] | a bar within the epoch, one line after it |
//! | [`Display::Plain`] | one readable line an epoch |
//! | [`Display::Quiet`] | nothing: for grids of runs |
//! | [`Display::Auto`] | dashboard or bar on a terminal, plain elsewhere |
//! | [`Display::Custom`] | a [`Progress`] of your own |

mod bar;
mod plain;
mod renderer;

use std::{
    io::IsTerminal,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

pub use bar::Bar;
use burn::train::{
    Interrupter,
    renderer::{MetricsRenderer, default_renderer},
};
pub use plain::{Plain, epoch_line};
pub(crate) use renderer::Renderer;

use crate::{EpochRecord, RunConfig, RunRecord};

/// What is told about a run while it trains. Every method does nothing by default.
pub trait Progress: Send {
    /// Training starts, or goes on after `epochs_done` epochs.
    fn start(&mut self, config: &RunConfig, dir: &Path, epochs_done: usize) {
        let _ = (config, dir, epochs_done);
    }

    /// `done` of `total` samples of the training or test part of an epoch (from 1) have been seen.
    fn samples(&mut self, epoch: usize, part: &str, done: usize, total: usize) {
        let _ = (epoch, part, done, total);
    }

    /// An epoch of `total` has ended.
    fn epoch(&mut self, record: &EpochRecord, total: usize) {
        let _ = (record, total);
    }

    /// Something the user should know, such as a damaged checkpoint that was skipped.
    fn note(&mut self, message: &str) {
        let _ = message;
    }

    /// The run has ended well.
    fn end(&mut self, record: &RunRecord) {
        let _ = record;
    }
}

/// Shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Progress for Quiet {}

/// How a run is shown.
#[derive(Default)]
pub enum Display {
    /// Dashboard or bar on a terminal, plain lines elsewhere.
    #[default]
    Auto,
    /// burn-train's dashboard; plain lines where it is not compiled in or standard output is no terminal.
    Dashboard,
    /// A bar within the epoch.
    Bar,
    /// One line an epoch on standard output.
    Plain,
    /// Nothing.
    Quiet,
    /// A progress of your own.
    Custom(Box<dyn Progress>),
}

impl Display {
    /// The progress, and burn-train's renderer where its dashboard is to be used.
    pub(crate) fn open(
        self,
        interrupter: &Interrupter,
        epochs_done: usize,
    ) -> (SharedProgress, Box<dyn MetricsRenderer>) {
        let terminal = std::io::stdout().is_terminal();
        let dashboard = terminal && cfg!(feature = "tui");
        let progress: Box<dyn Progress> = match self {
            Display::Auto | Display::Dashboard if dashboard => {
                let resumed = (epochs_done > 0).then_some(epochs_done);
                return (SharedProgress::new(Box::new(Quiet)), default_renderer(interrupter.clone(), resumed));
            }
            Display::Auto if terminal => Box::new(Bar::new()),
            Display::Auto | Display::Dashboard | Display::Plain => Box::new(Plain),
            Display::Bar => Box::new(Bar::new()),
            Display::Quiet => Box::new(Quiet),
            Display::Custom(progress) => progress,
        };
        let shared = SharedProgress::new(progress);
        (shared.clone(), Box::new(Renderer::new(shared)))
    }
}

/// A progress used from several threads.
#[derive(Clone)]
pub(crate) struct SharedProgress(Arc<Mutex<Box<dyn Progress>>>);

impl SharedProgress {
    pub(crate) fn new(progress: Box<dyn Progress>) -> Self {
        Self(Arc::new(Mutex::new(progress)))
    }

    pub(crate) fn with(&self, f: impl FnOnce(&mut dyn Progress)) {
        f(self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut());
    }
}
