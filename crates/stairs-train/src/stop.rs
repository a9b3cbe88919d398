//! Asking a run to stop, and where it was when it did.
//!
//! A run that is asked ends before its next optimiser step, or between two batches of a test, and leaves a checkpoint of
//! that moment: resumed, it ends with the weights, metrics and record it would have had.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use burn::train::Interrupter;

/// A request to stop, shared by whoever may make it and the runs that obey it. Once made it stays made.
///
/// ```
/// use stairs_data::{DataRoot, DatasetName, load};
/// use stairs_train::{Display, EpochRecord, Progress, RunConfig, StopSignal, TrainError, Trainer};
///
/// /// Stops the run after its first epoch. A handler of Ctrl-C would do the same: `move || stop.request()`.
/// struct Once(StopSignal);
///
/// impl Progress for Once {
///     fn epoch(&mut self, _record: &EpochRecord, _total: usize) {
///         self.0.request();
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path().join("run");
/// let digits = load(DatasetName::Digits, &DataRoot::default())?;
/// let config = RunConfig::new("mlp:8").with_epochs(3).with_subset(256);
/// let trainer = || Trainer::new(config.clone(), &digits, &dir).with_resume(true);
///
/// let stop = StopSignal::new();
/// let stopped = trainer().with_stop(stop.clone()).with_display(Display::Custom(Box::new(Once(stop)))).run();
/// assert!(matches!(stopped, Err(TrainError::Stopped { epoch: 2, step: 0, .. })));
///
/// let record = trainer().with_display(Display::Quiet).run()?;
/// assert_eq!(record.epochs.len(), 3);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct StopSignal(Arc<AtomicBool>);

impl StopSignal {
    /// A request that has not been made.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the request. It may be made from any thread, and again.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// True once the request has been made.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Where an epoch that was asked to stop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Before this optimiser step, counted from 0 over the whole run.
    Step(usize),
    /// During the test, after all steps of the epoch.
    Test,
}

/// What the loaders of a run ask before every optimiser step and every batch of a test. Clones share one answer.
///
/// Loaders of several devices serve the same steps one after the other. The first that finds the request ends the epoch
/// for all of them, before a step none of them has begun.
#[derive(Clone, Default)]
pub(crate) struct Gate {
    signal: StopSignal,
    /// The stop of burn-train's dashboard. Not the run's own, which breaks an epoch off without a checkpoint.
    dashboard: Interrupter,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Steps begun.
    begun: usize,
    cut: Option<Cut>,
}

impl Gate {
    /// A gate that closes when `signal` or the dashboard says so.
    pub(crate) fn new(signal: StopSignal, dashboard: Interrupter) -> Self {
        Self { signal, dashboard, state: Arc::default() }
    }

    /// True if optimiser step `step`, counted from 0 over the run, may begin, or has begun on another device.
    pub(crate) fn step(&self, step: usize) -> bool {
        let mut state = self.lock();
        if state.cut.is_none() && step >= state.begun {
            if self.closed() {
                state.cut = Some(Cut::Step(step));
            } else {
                state.begun = step + 1;
            }
        }
        state.cut.is_none() || step < state.begun
    }

    /// True if the test may go on.
    pub(crate) fn test(&self) -> bool {
        let mut state = self.lock();
        if state.cut.is_none() && self.closed() {
            state.cut = Some(Cut::Test);
        }
        state.cut.is_none()
    }

    /// Where the run was stopped, if it was.
    pub(crate) fn cut(&self) -> Option<Cut> {
        self.lock().cut
    }

    fn closed(&self) -> bool {
        self.signal.is_requested() || self.dashboard.should_stop()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_stop_before_the_same_step() {
        let signal = StopSignal::new();
        let gate = Gate::new(signal.clone(), Interrupter::new());
        assert!(gate.step(0) && gate.step(0), "both devices do step 0");
        assert!(gate.step(1));
        signal.request();
        assert!(gate.step(1), "the second device ends what the first has begun");
        assert!(!gate.step(2) && !gate.step(2) && !gate.test());
        assert_eq!(gate.cut(), Some(Cut::Step(2)));
    }

    #[test]
    fn the_dashboard_stops_a_test() {
        let dashboard = Interrupter::new();
        let gate = Gate::new(StopSignal::new(), dashboard.clone());
        assert!(gate.step(6) && gate.test());
        assert_eq!(gate.cut(), None);
        dashboard.stop(None);
        assert!(!gate.test() && !gate.step(7));
        assert_eq!(gate.cut(), Some(Cut::Test));
    }
}
