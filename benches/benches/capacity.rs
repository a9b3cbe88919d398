//! 2sED against the reference with its d × d matrix, how its time grows with d and n, what the unit-factorised bound costs beside
//! Jensen's, and what other measures cost.
//!
//! Run with `cargo xtask bench capacity`; two threads: `RAYON_NUM_THREADS=2`. `STAIRS_BENCH_RATIOS_ONLY=1` prints only the
//! tables; `STAIRS_BENCH_LARGE=1` adds one draw of a network of VGG8's width, some minutes;
//! `STAIRS_BENCH_FIGURES=DIR` draws the growth.
#![allow(missing_docs)]

use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion};
use stairs::capacity::{
    self, Activation, Batch, Chain, Draws, FactorisedOptions, Head, MarkovOptions, Norm, Normalisation, Pool, Prior,
    Sampler, Shape, baselines, factorised_bound, fisher::reference, log_kappa,
};
use stairs_benches::{Routine, interleaved, keep, print_ratios};
use stairs_study::plot::{Axis, Figure, Ink, Layer, Panel, write_svg};

const EPS: f64 = 1e-3;
const ZETA: f64 = 2.0 / 3.0;

/// Evenly spread numbers in ±1.7: what standardised data look like to the estimators.
fn inputs(count: usize) -> Vec<f64> {
    (0..count).map(|i| 3.4 * (i as f64 * 0.618_033_988_749_895).fract() - 1.7).collect()
}

fn sampler(shape: Shape, layers: Vec<capacity::Layer>, samples: usize) -> Sampler {
    let chain = Chain::new(shape, layers, Head::Categorical).unwrap_or_else(|error| panic!("{error}"));
    let inputs = inputs(samples * shape.values());
    Sampler::new(chain, Prior::Initialiser, inputs, MarkovOptions::default(), 1)
        .unwrap_or_else(|error| panic!("{error}"))
}

fn mlp(inputs: usize, hidden: &[usize], classes: usize, samples: usize) -> Sampler {
    let layers =
        hidden.iter().map(|width| capacity::Layer::dense(*width).with_bias().with_activation(Activation::Relu));
    let layers = layers.chain([capacity::Layer::dense(classes).with_bias()]).collect();
    sampler(Shape::vector(inputs), layers, samples)
}

/// One draw and its 2sED.
fn draw(sampler: &Sampler) -> f64 {
    let draw = sampler.draw(0, 1).unwrap_or_else(|error| panic!("{error}"));
    let draws = Draws::new(vec![draw], Normalisation::MeanTrace).unwrap_or_else(|error| panic!("{error}"));
    draws.two_scale(EPS, ZETA).unwrap_or_else(|error| panic!("{error}")).value
}

/// The same by full Jacobians, a d × d Fisher matrix and its eigenvalues.
fn reference_draw(sampler: &Sampler) -> f64 {
    let (parameters, states) = sampler.path(0);
    let root = reference::markov_root(sampler.chain(), &parameters, &states, 1.0);
    let fisher = reference::fisher(&root.unwrap_or_else(|error| panic!("{error}")));
    let spectrum = reference::spectrum(&fisher).unwrap_or_else(|error| panic!("{error}"));
    let (d, log_kappa) = (spectrum.dimension() as f64, log_kappa(EPS, ZETA).unwrap_or_else(|error| panic!("{error}")));
    let det = spectrum.log_det(log_kappa, d.ln() - spectrum.trace().ln());
    ZETA * d + (1.0 - ZETA) * det.value / log_kappa
}

fn against_the_reference() {
    let sampler = mlp(54, &[16], 7, 100);
    let (fast, slow) = (draw(&sampler), reference_draw(&sampler));
    assert!((fast / slow - 1.0).abs() < 1e-8, "{fast} {slow}");
    let mut routines = [
        Routine::new("2sED draw", || keep(draw(&sampler))),
        Routine::new("reference", || keep(reference_draw(&sampler))),
    ];
    print_ratios("MLP 54-16-7, d = 999, n = 100", &interleaved(7, &mut routines));
}

fn timed(name: &str, run: impl FnOnce() -> f64) -> Duration {
    let start = Instant::now();
    let value = run();
    println!("  {name:<44} {:>9.3} s   2sED {value:.1}", start.elapsed().as_secs_f64());
    start.elapsed()
}

/// Best of three, in milliseconds.
fn milliseconds(sampler: &Sampler) -> f64 {
    let time = || {
        let start = Instant::now();
        keep(draw(sampler));
        start.elapsed().as_secs_f64() * 1e3
    };
    (0..3).map(|_| time()).fold(f64::INFINITY, f64::min)
}

fn growth() {
    println!("\ngrowth with d, n = 100, c = 10 (MLP 784-w-w/4-10)");
    let by_dimension = [8, 16, 32, 64, 128, 256, 512, 1024].map(|width| {
        let sampler = mlp(784, &[width, width / 4], 10, 100);
        (sampler.chain().dimension() as f64, milliseconds(&sampler))
    });
    by_dimension.iter().for_each(|(d, time)| println!("  d = {d:<10} {time:>10.2} ms"));
    println!("growth with n (MLP 784-256-64-10)");
    let by_samples = [25, 50, 100, 200, 400].map(|samples| {
        let sampler = mlp(784, &[256, 64], 10, samples);
        (samples as f64, milliseconds(&sampler))
    });
    by_samples.iter().for_each(|(n, time)| println!("  n = {n:<10} {time:>10.2} ms"));
    if let Some(folder) = std::env::var_os("STAIRS_BENCH_FIGURES") {
        let svg = growth_figure(&by_dimension, &by_samples).svg().unwrap_or_else(|error| panic!("{error}"));
        let path = Path::new(&folder).join("capacity-growth.svg");
        write_svg(&path, &svg).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        println!("  {}", path.display());
    }
}

/// Both on logarithmic axes.
fn growth_figure(by_dimension: &[(f64, f64)], by_samples: &[(f64, f64)]) -> Figure {
    let panel = |title: &str, x: &str, points: &[(f64, f64)]| {
        let points: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.log10(), y.log10())).collect();
        Panel::new(title, Axis::new(format!("log₁₀ {x}")), Axis::new("log₁₀ milliseconds"))
            .with_layer(Layer::line(points.clone(), Ink::Blue))
            .with_layer(Layer::Dots { points, ink: Ink::Blue, radius: 3.0 })
    };
    Figure::new("One exact draw of 2sED")
        .with_columns(2)
        .with_panel(panel("By parameters, 100 samples", "d", by_dimension))
        .with_panel(panel("By samples, MLP 784-256-64-10", "n", by_samples))
}

/// A convolutional network of 51,641 parameters on images of 32 × 32.
fn cnn(samples: usize) -> Sampler {
    let conv = |channels| {
        let conv = capacity::Layer::conv(channels, [3, 3]).with_padding([1, 1]).with_norm(Norm::untrained(1e-5));
        conv.with_activation(Activation::Relu).with_pool(Pool::max(2))
    };
    let layers = vec![conv(16), conv(32), conv(64), capacity::Layer::dense(27).with_bias(), capacity::Layer::dense(10)];
    sampler(Shape::image(3, 32, 32), layers, samples)
}

/// The unit-factorised bound beside Jensen's of the same number of draws of every layer, at one ε.
fn bounds() {
    println!("\nbounds of 64 draws, n = 100, eps = {EPS:.0e}");
    let options = FactorisedOptions { draws: 8, last_draws: 8, particles: 4, runs: 2, seed: 1 };
    for (name, sampler) in [("MLP 54-256-128-7", mlp(54, &[256, 128], 7, 100)), ("CNN 16-32-64", cnn(20))] {
        timed(&format!("{name}, Jensen"), || {
            let draws = (0..64).map(|m| sampler.draw(m, 1)).collect::<Result<Vec<_>, _>>();
            let draws = Draws::new(draws.unwrap_or_else(|error| panic!("{error}")), Normalisation::MeanTrace);
            let jensen = draws.and_then(|draws| draws.jensen(EPS, ZETA));
            jensen.unwrap_or_else(|error| panic!("{error}")).value
        });
        timed(&format!("{name}, factorised"), || {
            let points = factorised_bound(&sampler, 0.0, &[(EPS, ZETA)], &options);
            points.unwrap_or_else(|error| panic!("{error}"))[0].lower.value
        });
    }
}

/// Seconds a draw of every other measure.
fn others() {
    for (name, sampler, input) in
        [("MLP 54-256-128-7", mlp(54, &[256, 128], 7, 100), 54), ("CNN 16-32-64", cnn(100), 3 * 32 * 32)]
    {
        println!("\nother measures, {name}, d = {}, n = 100", sampler.chain().dimension());
        let inputs = inputs(100 * input);
        let labels: Vec<usize> = (0..100).map(|i| i % 7).collect();
        for row in baselines(sampler.chain(), &Prior::Initialiser, &Batch::labelled(&inputs, &labels), 3, 1) {
            let value = row.result.map_or_else(|error| error.to_string(), |found| format!("{:.3}", found.value));
            println!("  {:<16} {:>9.4} s   {value}", row.baseline.name, row.seconds / 3.0);
        }
    }
}

/// Widths of VGG8 (arXiv 2203.11323) on images of 32 × 32, n = 100.
fn large() {
    let conv = |channels| {
        let conv = capacity::Layer::conv(channels, [3, 3]).with_padding([1, 1]).with_norm(Norm::untrained(1e-5));
        conv.with_activation(Activation::Relu)
    };
    let dense = |w| capacity::Layer::dense(w).with_norm(Norm::untrained(1e-5)).with_activation(Activation::Relu);
    let pool = |layer: capacity::Layer| layer.with_pool(Pool::max(2));
    let layers = vec![
        pool(conv(128)),
        conv(256),
        pool(conv(256)),
        conv(512),
        pool(conv(512)),
        dense(1024),
        dense(1024),
        capacity::Layer::dense(10).with_bias(),
    ];
    let sampler = sampler(Shape::image(3, 32, 32), layers, 100);
    println!("\nVGG8 width, d = {}, n = 100, one draw of the lower 2sED", sampler.chain().dimension());
    let start = Instant::now();
    let draw = sampler.draw(0, 1).unwrap_or_else(|error| panic!("{error}"));
    let seconds = start.elapsed().as_secs_f64();
    let draws = Draws::new(vec![draw], Normalisation::MeanTrace).unwrap_or_else(|error| panic!("{error}"));
    for eps in [1e-1, 1e-3, 1e-6] {
        let lower = draws.jensen(eps, ZETA).unwrap_or_else(|error| panic!("{error}"));
        let floor = ZETA * draws.dimension() as f64;
        println!(
            "  eps {eps:.0e}: {:.0} ± {:.0}; relative error {:.2e} of the whole, {:.2e} of what exceeds zeta d",
            lower.value,
            lower.spectrum_error,
            lower.spectrum_error / lower.value,
            lower.spectrum_error / (lower.value - floor)
        );
    }
    println!("  {seconds:.1} s");
}

fn criterion_benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("capacity/draw");
    group.sample_size(10).measurement_time(Duration::from_secs(2));
    for width in [16, 64, 256] {
        let sampler = mlp(54, &[width], 7, 100);
        group.bench_function(BenchmarkId::new("mlp-54-w-7", width), |b| b.iter(|| draw(&sampler)));
    }
    group.finish();
}

fn main() {
    if std::env::var_os("STAIRS_BENCH_RATIOS_ONLY").is_none() {
        let mut criterion = Criterion::default().configure_from_args();
        criterion_benches(&mut criterion);
        criterion.final_summary();
    }
    against_the_reference();
    growth();
    let million = mlp(784, &[1000, 210], 10, 100);
    println!("\nd = {}, n = 100, c = 10", million.chain().dimension());
    timed("exact 2sED draw, Markov chain", || draw(&million));
    timed("exact spectrum draw, network without noise", || {
        let draw = million.draw_whole(0).unwrap_or_else(|error| panic!("{error}"));
        let draws = Draws::new(vec![draw], Normalisation::MeanTrace).unwrap_or_else(|error| panic!("{error}"));
        draws.two_scale(EPS, ZETA).unwrap_or_else(|error| panic!("{error}")).value
    });
    bounds();
    others();
    if std::env::var_os("STAIRS_BENCH_LARGE").is_some() {
        large();
    }
}
