//! What a run shows while it trains.
//!
//! | display | where |
//! |---|---|
//! | [`Display::Dashboard`] | burn-train's full-screen dashboard (feature `tui`) |
//! | [`Display::Bar`] | a bar within the epoch with the time that is left of the run, one line after it (on a terminal) |
//! | [`Display::Plain`] | one readable line an epoch, and one every half a minute within long ones |
//! | [`Display::Quiet`] | nothing: for grids of runs |
//! | [`Display::Auto`] | a bar on a terminal, plain elsewhere |
//! | [`Display::Custom`] | a [`Progress`] of your own |

mod bar;
#[cfg(all(unix, feature = "tui"))]
mod dashboard;
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
use plain::Patient;
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
    /// A bar on a terminal, plain lines elsewhere.
    #[default]
    Auto,
    /// burn-train's dashboard, for wide terminals; plain lines where it is not compiled in or standard output is no terminal.
    Dashboard,
    /// A bar within the epoch; plain lines where standard output is no terminal.
    Bar,
    /// One line an epoch on standard output, and one every half a minute within it.
    Plain,
    /// Nothing.
    Quiet,
    /// A progress of your own.
    Custom(Box<dyn Progress>),
}

impl Display {
    /// The progress of a run.
    pub(crate) fn open(self) -> SharedProgress {
        let terminal = std::io::stdout().is_terminal();
        let dashboard = terminal && cfg!(feature = "tui") && matches!(self, Display::Dashboard);
        let progress: Box<dyn Progress> = match self {
            Display::Dashboard if dashboard => Box::new(AroundDashboard),
            Display::Auto | Display::Bar if terminal => Box::new(Bar::new()),
            Display::Auto | Display::Dashboard | Display::Bar | Display::Plain => Box::new(Patient::new(Plain)),
            Display::Quiet => Box::new(Quiet),
            Display::Custom(progress) => progress,
        };
        SharedProgress { progress: Arc::new(Mutex::new(progress)), dashboard }
    }
}

/// Gives the terminal back as it was before a dashboard opened in it; without one nothing happens. For a program that
/// ends at once, such as on a second Ctrl-C: the dashboard of a run that returns has closed.
pub fn restore_terminal() {
    #[cfg(all(unix, feature = "tui"))]
    dashboard::restore();
}

/// What is said before the dashboard opens and after it has closed.
struct AroundDashboard;

impl Progress for AroundDashboard {
    fn note(&mut self, message: &str) {
        Plain.note(message);
    }

    fn end(&mut self, record: &RunRecord) {
        if let Some(last) = record.epochs.last() {
            println!("{}", epoch_line(last, record.config.epochs));
        }
        Plain.end(record);
    }
}

/// A progress used from several threads.
#[derive(Clone)]
pub(crate) struct SharedProgress {
    progress: Arc<Mutex<Box<dyn Progress>>>,
    dashboard: bool,
}

impl SharedProgress {
    pub(crate) fn with(&self, f: impl FnOnce(&mut dyn Progress)) {
        f(self.progress.lock().unwrap_or_else(PoisonError::into_inner).as_mut());
    }

    /// The renderer for burn-train: its dashboard, or one that tells this progress. A dashboard opens at once.
    pub(crate) fn renderer(&self, interrupter: &Interrupter, epochs_done: usize) -> Box<dyn MetricsRenderer> {
        if self.dashboard {
            #[cfg(all(unix, feature = "tui"))]
            dashboard::remember();
            let renderer = default_renderer(interrupter.clone(), (epochs_done > 0).then_some(epochs_done));
            #[cfg(all(unix, feature = "tui"))]
            dashboard::keep_ctrl_c();
            renderer
        } else {
            Box::new(Renderer::new(self.clone()))
        }
    }
}
