//! How fast the engine runs networks of known shapes.
//!
//! `engine_speed [--layers | --json] [--level L] [--threads N] [--batch N] [--seconds S] [--wall] [NETWORK …]` prints for every network
//! the median time of an image, and with `--layers` the time and the rate of every step. Times are the processor's, of all threads
//! together, which other programs lengthen less than those of the clock, which `--wall` asks for.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use stairs_infer::testing::{NETWORKS, macs, network, samples};
use stairs_infer::{Engine, Level, Options, Program, Value};

/// Whether times are those of the clock.
static WALL: AtomicBool = AtomicBool::new(false);

/// Seconds since any moment.
fn seconds() -> f64 {
    #[cfg(unix)]
    if !WALL.load(Ordering::Relaxed) {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the place is a timespec.
        unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
        return time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9;
    }
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut options, mut layers, mut json, mut names) = (Options::default(), false, false, Vec::new());
    let (mut batch, mut most) = (1, 1.0);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--layers" => layers = true,
            "--json" => json = true,
            "--wall" => WALL.store(true, Ordering::Relaxed),
            "--level" => {
                let name = value()?;
                let level = Level::ALL.into_iter().find(|level| level.name() == name);
                options = options
                    .with_level(level.ok_or_else(|| format!("levels are {}", Level::ALL.map(Level::name).join(", ")))?);
            }
            "--threads" => options = options.with_threads(value()?.parse()?),
            "--batch" => batch = value()?.parse()?,
            "--seconds" => most = value()?.parse()?,
            _ => names.push(argument),
        }
    }
    if names.is_empty() {
        names = NETWORKS.map(str::to_owned).to_vec();
    }
    for name in &names {
        let program = network(name)?;
        let engine = Engine::new(&program, options.clone())?;
        if layers {
            by_layer(&program, &engine)?;
            continue;
        }
        let (median, best) = times(&program, &engine, batch, Duration::from_secs_f64(most))?;
        if json {
            println!("{{\"network\": \"{name}\", \"level\": \"{}\", \"median\": {median}}}", engine.level().name());
            continue;
        }
        let all: usize = (0..program.nodes().len()).map(|node| macs(&program, node)).sum();
        println!(
            "{name:14} {:8} median {:9.3} ms  best {:9.3} ms  {:6.1} GMAC/s  {} KiB",
            engine.level().name(),
            median * 1e3,
            best * 1e3,
            all as f64 / best / 1e9,
            engine.bytes() / 1024
        );
    }
    Ok(())
}

/// Median and best seconds of an image.
fn times(
    program: &Program,
    engine: &Engine,
    batch: usize,
    most: Duration,
) -> Result<(f64, f64), Box<dyn std::error::Error>> {
    let samples = samples(program, 1, batch);
    let (mut workspace, mut result) = (engine.workspace()?, Value::Integers(Vec::new()));
    engine.run_into(&mut workspace, &samples, batch, &mut result)?;
    let (mut times, start) = (Vec::new(), Instant::now());
    while times.len() < 3 || start.elapsed() < most {
        let now = seconds();
        engine.run_into(&mut workspace, &samples, batch, &mut result)?;
        times.push((seconds() - now) / batch as f64);
    }
    times.sort_by(f64::total_cmp);
    Ok((times[times.len() / 2], times[0]))
}

/// Best time of every step, for one image.
fn by_layer(program: &Program, engine: &Engine) -> Result<(), Box<dyn std::error::Error>> {
    let samples = samples(program, 1, 1);
    let mut workspace = engine.workspace()?;
    let mut steps: BTreeMap<usize, (&'static str, Option<usize>, f64)> = BTreeMap::new();
    for _ in 0..30 {
        let (mut index, mut now) = (0, seconds());
        engine.observe(&mut workspace, &samples, 1, |done| {
            let time = seconds() - now;
            let entry = steps.entry(index).or_insert((done.step, done.nodes.first().copied(), time));
            entry.2 = entry.2.min(time);
            (index, now) = (index + 1, seconds());
        })?;
    }
    let total: f64 = steps.values().map(|(_, _, time)| time).sum();
    println!("{}: {:.3} ms", program.name(), total * 1e3);
    let mut from = 0;
    for (step, node, time) in steps.values() {
        let products: usize = node.map_or(0, |node| (from..=node).map(|node| macs(program, node)).sum());
        from = node.map_or(from, |node| node + 1);
        let (path, shape) = node.map_or(("", String::new()), |node| {
            (program.nodes()[node].path.as_str(), format!("{:?}", program.nodes()[node].shape))
        });
        let rate = if products > 0 { format!("{:8.1} GMAC/s", products as f64 / time / 1e9) } else { String::new() };
        println!("  {step:10} {path:12} {shape:18} {:9.1} us {rate}", time * 1e6);
    }
    Ok(())
}
