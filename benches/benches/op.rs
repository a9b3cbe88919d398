//! The regularised stair against `tensor + 1` (what one pass over memory costs) and against the plain-tensor reference.
//!
//! Ternary, all laws, forward and backward, 1 M and 16 M elements, Flex. Run with `cargo xtask bench op`; two threads:
//! `RAYON_NUM_THREADS=2`. The tables of ratios at the end are measured round by round in turn;
//! `STAIRS_BENCH_RATIOS_ONLY=1` prints only them. `STAIRS_BENCH_DEVICE=cuda` measures there, ratios only (criterion does not wait
//! for GPUs).
#![allow(missing_docs)]

use std::time::Duration;

use burn::backend::Dispatch;
use burn::tensor::Tensor;
use criterion::{BenchmarkId, Criterion, Throughput};
use stairs::noise::op::{StairBackend, reference};
use stairs::noise::{Noise, StairSpec, Strategy, regularised_stair};
use stairs_benches::{Routine, device, input, interleaved, keep, print_ratios, ternary};

const SIZES: [(usize, &str); 2] = [(1 << 20, "1M"), (1 << 24, "16M")];

/// The backward pass on a gradient that others hold too, so that the result goes to fresh memory: the dearer case. (A
/// gradient overwritten round after round would shrink to denormal numbers, which cost ten times as much.)
fn gradient(x: &Tensor<1>, upstream: Tensor<1>, spec: &StairSpec) -> Tensor<1> {
    let gradient =
        Dispatch::regularised_stair_gradient(x.clone().into_dispatch(), upstream.into_dispatch(), spec.clone());
    Tensor::from_dispatch(gradient)
}

fn criterion_benches(criterion: &mut Criterion) {
    let device = device();
    for (n, label) in SIZES {
        let x = input(n, &device);
        let mut group = criterion.benchmark_group(format!("op/{label}"));
        group.throughput(Throughput::Elements(n as u64)).sample_size(20);
        group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(1));
        group.bench_function("x + 1", |b| b.iter(|| keep(x.clone() + 1.0)));
        for noise in Noise::ALL {
            let spec = ternary(noise.clone(), Strategy::Expectation);
            group.bench_function(BenchmarkId::new("forward", &noise), |b| {
                b.iter(|| keep(regularised_stair(x.clone(), &spec)));
            });
            group.bench_function(BenchmarkId::new("backward", &noise), |b| {
                b.iter(|| keep(gradient(&x, x.clone(), &spec)));
            });
        }
        group.finish();
    }
}

/// Every law against `x + 1`.
fn ratios(n: usize, label: &str, strategy: Strategy) {
    let device = device();
    let x = &input(n, &device);
    let specs: Vec<StairSpec> = Noise::ALL.iter().map(|noise| ternary(noise.clone(), strategy)).collect();
    let mut routines: Vec<Routine<'_>> = vec![Routine::new("x + 1", || keep(x.clone() + 1.0))];
    for (noise, spec) in Noise::ALL.iter().zip(&specs) {
        routines.push(Routine::new(format!("{noise} forward"), || keep(regularised_stair(x.clone(), spec))));
        routines.push(Routine::new(format!("{noise} backward"), || keep(gradient(x, x.clone(), spec))));
    }
    print_ratios(&format!("{label} elements, {strategy}: ratios to x + 1"), &interleaved(31, &mut routines));
}

fn against_reference(n: usize, label: &str) {
    let device = device();
    let x = &input(n, &device);
    for noise in Noise::ALL {
        let spec = &ternary(noise.clone(), Strategy::Expectation);
        let forward = interleaved(
            9,
            &mut [
                Routine::new("op forward", || keep(regularised_stair(x.clone(), spec))),
                Routine::new("plain tensors forward", || keep(reference::forward(x.clone(), None, spec))),
            ],
        );
        let backward = interleaved(
            9,
            &mut [
                Routine::new("op backward", || keep(gradient(x, x.clone(), spec))),
                Routine::new("plain tensors backward", || keep(reference::backward(x.clone(), x.clone(), spec))),
            ],
        );
        print_ratios(&format!("{label} elements, {noise}: plain tensors against the op"), &forward);
        print_ratios("", &backward);
    }
}

fn main() {
    stairs::allocator::keep_memory();
    if std::env::var_os("STAIRS_BENCH_RATIOS_ONLY").is_none() {
        let mut criterion = Criterion::default().configure_from_args();
        criterion_benches(&mut criterion);
        criterion.final_summary();
    }
    for (n, label) in SIZES {
        ratios(n, label, Strategy::Expectation);
        against_reference(n, label);
    }
    for strategy in [Strategy::Mode, Strategy::Random] {
        ratios(1 << 20, "1M", strategy);
    }
}
