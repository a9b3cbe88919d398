//! How fast the engine runs networks of known shapes: `engine_speed [--layers] [--level L] [--threads N] [--batch N] [NETWORK …]`.
//!
//! Prints for every network the median time of an image, and with `--layers` the time and the rate of every layer.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use stairs_infer::testing::{NETWORKS, macs, network, samples};
use stairs_infer::{Engine, Level, Options, Program, Value};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut options, mut layers, mut batch, mut names) = (Options::default(), false, 1, Vec::new());
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--layers" => layers = true,
            "--level" => {
                let name = value()?;
                let level = Level::ALL.into_iter().find(|level| level.name() == name);
                options = options.with_level(level.ok_or("levels are scalar, portable, avx2, avx512")?);
            }
            "--threads" => options = options.with_threads(value()?.parse()?),
            "--batch" => batch = value()?.parse()?,
            _ => names.push(argument),
        }
    }
    if names.is_empty() {
        names = NETWORKS.map(str::to_owned).to_vec();
    }
    for name in &names {
        let program = network(name)?;
        let engine = Engine::new(&program, options.clone())?;
        if layers { by_layer(&program, &engine)? } else { whole(&program, &engine, batch)? }
    }
    Ok(())
}

/// Median time of an image.
fn whole(program: &Program, engine: &Engine, batch: usize) -> Result<(), Box<dyn std::error::Error>> {
    let samples = samples(program, 1, batch);
    let (mut workspace, mut result) = (engine.workspace()?, Value::Integers(Vec::new()));
    let (mut times, start) = (Vec::new(), Instant::now());
    while times.len() < 5 || start.elapsed() < Duration::from_secs(1) {
        let now = Instant::now();
        engine.run_into(&mut workspace, &samples, batch, &mut result)?;
        times.push(now.elapsed().as_secs_f64() / batch as f64);
    }
    times.sort_by(f64::total_cmp);
    let (best, median) = (times[0], times[times.len() / 2]);
    let all: usize = (0..program.nodes().len()).map(|node| macs(program, node)).sum();
    println!(
        "{:14} {:8} median {:9.3} ms  best {:9.3} ms  {:6.1} GMAC/s  {} KiB",
        program.name(),
        engine.level().name(),
        median * 1e3,
        best * 1e3,
        all as f64 / best / 1e9,
        engine.bytes() / 1024
    );
    Ok(())
}

/// Best time of every step, for one image.
fn by_layer(program: &Program, engine: &Engine) -> Result<(), Box<dyn std::error::Error>> {
    let samples = samples(program, 1, 1);
    let mut workspace = engine.workspace()?;
    let mut steps: BTreeMap<usize, (&'static str, Option<usize>, f64)> = BTreeMap::new();
    for _ in 0..30 {
        let (mut index, mut now) = (0, Instant::now());
        engine.observe(&mut workspace, &samples, 1, |done| {
            let time = now.elapsed().as_secs_f64();
            let entry = steps.entry(index).or_insert((done.step, done.nodes.first().copied(), time));
            entry.2 = entry.2.min(time);
            (index, now) = (index + 1, Instant::now());
        })?;
    }
    println!("{}", program.name());
    let mut from = 0;
    for (step, node, time) in steps.values() {
        let products: usize = node.map_or(0, |node| (from..=node).map(|node| macs(program, node)).sum());
        from = node.map_or(from, |node| node + 1);
        let (path, shape) = node.map_or(("", Default::default()), |node| {
            (program.nodes()[node].path.as_str(), format!("{:?}", program.nodes()[node].shape))
        });
        let rate = if products > 0 { format!("{:8.1} GMAC/s", products as f64 / time / 1e9) } else { String::new() };
        println!("  {step:10} {path:12} {shape:18} {:9.1} us {rate}", time * 1e6);
    }
    Ok(())
}
