//! Shared by the benchmarks: devices, inputs, and a summary of ratios.
//!
//! Absolute times on a shared machine mean little. Every benchmark therefore measures its references in the same run and
//! prints ratios of medians, which criterion's own report does not.

pub mod ours;
pub mod python;

use std::hint::black_box;
use std::time::{Duration, Instant};

use burn::tensor::{Device, Distribution, Tensor};
use stairs::device::DeviceName;
use stairs::noise::{Law, Laws, Noise, StairSpec, Strategy};
use stairs::quant::Quantiser;

/// The ternary stair under `noise`, at the scale that fills a window of half-width ½.
pub fn ternary(noise: Noise, strategy: Strategy) -> StairSpec {
    let scale = 0.5 / noise.window();
    let law = Law::new(noise, 0.0, scale).unwrap_or_else(|error| panic!("{error}"));
    StairSpec::new(Quantiser::Ternary.stair(), Laws::same(law)).with_strategy(strategy)
}

/// A seeded standard normal tensor of `n` elements.
pub fn input(n: usize, device: &Device) -> Tensor<1> {
    device.seed(1);
    Tensor::random([n], Distribution::Normal(0.0, 1.0), device)
}

/// The device of `STAIRS_BENCH_DEVICE`, which must be compiled in; Flex without it.
pub fn device() -> Device {
    let name = std::env::var("STAIRS_BENCH_DEVICE").unwrap_or_else(|_| DeviceName::Flex.to_string());
    let device = name.parse::<DeviceName>().and_then(DeviceName::open);
    device.unwrap_or_else(|error| panic!("STAIRS_BENCH_DEVICE: {error}"))
}

/// Something to time, with a name.
pub struct Routine<'a> {
    name: String,
    run: Box<dyn FnMut() + 'a>,
}

impl<'a> Routine<'a> {
    /// A named closure.
    pub fn new(name: impl Into<String>, run: impl FnMut() + 'a) -> Self {
        Self { name: name.into(), run: Box::new(run) }
    }
}

/// Times `routines`, which work on [`device`], in turn, round after round, so that a drift of the machine meets all of them alike; returns the
/// median time of each.
pub fn interleaved(rounds: usize, routines: &mut [Routine<'_>]) -> Vec<(String, Duration)> {
    let mut times = vec![Vec::with_capacity(rounds); routines.len()];
    let device = device();
    for routine in routines.iter_mut() {
        (routine.run)();
    }
    device.sync().unwrap_or_else(|error| panic!("{error}"));
    for _ in 0..rounds {
        for (routine, times) in routines.iter_mut().zip(&mut times) {
            let start = Instant::now();
            (routine.run)();
            // GPUs work on after the call.
            device.sync().unwrap_or_else(|error| panic!("{error}"));
            times.push(start.elapsed());
        }
    }
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    routines.iter().map(|routine| routine.name.clone()).zip(times.into_iter().map(median)).collect()
}

/// Prints each median and its ratio to the first, the baseline.
pub fn print_ratios(title: &str, medians: &[(String, Duration)]) {
    let baseline = medians[0].1.as_secs_f64();
    println!("\n{title}");
    for (name, time) in medians {
        println!("  {name:<34} {:>10.3} ms   {:>7.2} x", time.as_secs_f64() * 1e3, time.as_secs_f64() / baseline);
    }
}

/// Keeps a result alive without reading it.
pub fn keep<T>(value: T) {
    black_box(value);
}
