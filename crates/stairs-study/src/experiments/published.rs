//! How often the page of an experiment is written while it runs.

use std::time::{Duration, Instant};

use super::{ExperimentError, Status};

/// When the page was last written: after every trial, but never for more than a twentieth of the time.
#[derive(Default)]
pub(super) struct Published {
    last: Option<(Instant, Duration)>,
}

impl Published {
    /// Publishes after a trial, the last one always.
    pub(super) fn after(
        &mut self,
        end: bool,
        status: Status,
        publish: impl FnOnce() -> Result<(), ExperimentError>,
    ) -> Result<(), ExperimentError> {
        let soon = self.last.is_some_and(|(at, took)| at.elapsed() < 20 * took);
        if end || (status == Status::Done && !soon) {
            let start = Instant::now();
            publish()?;
            self.last = Some((Instant::now(), start.elapsed()));
        }
        Ok(())
    }
}
