//! Time that passes, and time of processors.
//!
//! Beside other programs a training waits: wall time then says little about what it costs, the time of its processors does. On Linux
//! the latter is that of all threads of the process, to a hundredth of a second (`/proc/self/stat`, fields 14 and 15, in ticks of
//! 1/100 s on every architecture); other systems are not asked.

use std::{fs, time::Instant};

/// Ticks of a second in files of the kernel.
const TICKS: f64 = 100.0;

/// Runs since it was started or since the last lap.
pub(crate) struct Stopwatch {
    wall: Instant,
    cpu: Option<f64>,
}

/// What has passed.
#[derive(Clone, Copy)]
pub(crate) struct Lap {
    /// Seconds on the wall.
    pub(crate) seconds: f64,
    /// Seconds of processors; `None` where the system does not tell.
    pub(crate) cpu_seconds: Option<f64>,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self { wall: Instant::now(), cpu: cpu_seconds() }
    }

    /// What has passed since the start or the last lap; the next lap begins.
    pub(crate) fn lap(&mut self) -> Lap {
        let before = std::mem::replace(self, Self::start());
        Lap {
            seconds: (self.wall - before.wall).as_secs_f64(),
            cpu_seconds: self.cpu.zip(before.cpu).map(|(now, then)| now - then),
        }
    }
}

/// Seconds that the threads of this process have had on processors.
fn cpu_seconds() -> Option<f64> {
    ticks(&fs::read_to_string("/proc/self/stat").ok()?).map(|ticks| ticks as f64 / TICKS)
}

/// Time in user and in kernel mode. The second field, the program's name in brackets, may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    next()?.checked_add(next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_those_of_both_modes() {
        let stat = "77 (a) b (c) R 1 77 77 0 -1 4194304 9 0 0 0 250 14 5 6 20 0 1 0 100 0 0";
        assert_eq!(ticks(stat), Some(264));
        for wrong in ["", "77 (a", "77 (a) R 1 2", "77 (a) R 1 1 1 0 -1 4 9 0 0 0 x 14"] {
            assert_eq!(ticks(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn laps_follow_each_other() {
        let mut stopwatch = Stopwatch::start();
        let begun = Instant::now();
        // Work that is not optimised away, until a tick has passed for sure.
        while begun.elapsed().as_millis() < 60 {
            std::hint::black_box((0..1000).sum::<u64>());
        }
        let lap = stopwatch.lap();
        assert!(lap.seconds >= 0.06 && stopwatch.lap().seconds < lap.seconds);
        if cfg!(target_os = "linux") {
            assert!(lap.cpu_seconds.is_some_and(|seconds| seconds >= 0.0));
        }
    }
}
