//! Our training step beside that of PyTorch and of the authors' ANA layers: the same models, weights and batch, taking
//! turns in one run. Run with `cargo xtask bench peers -- --ana PATH`; `benches/peers/README.md` says what it needs.
#![allow(missing_docs)]

use std::error::Error;

use stairs_benches::{
    ours::{self, Variant},
    python::Python,
};

const MODELS: [&str; 3] = ["lenet:32-64-128", "vgg8:0.125", "vgg8:0.25"];

struct Options {
    python: String,
    ana: Option<String>,
    compile: bool,
    rounds: usize,
    steps: usize,
    /// Only rows that contain this.
    only: String,
    /// Processor time instead of wall time.
    processor: bool,
}

impl Options {
    fn read() -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            python: "python3".into(),
            ana: None,
            compile: false,
            rounds: 7,
            steps: 3,
            only: String::new(),
            processor: false,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{name} needs a value"));
            match name.as_str() {
                "--python" => options.python = value()?,
                "--ana" => options.ana = Some(value()?),
                "--compile" => options.compile = true,
                "--rounds" => options.rounds = value()?.parse()?,
                "--steps" => options.steps = value()?.parse()?,
                "--processor" => options.processor = true,
                "--only" => options.only = value()?,
                // Cargo's own.
                "--bench" => {}
                _ => return Err(format!("unknown option {name}").into()),
            }
        }
        if options.rounds == 0 || options.steps == 0 {
            return Err("--rounds and --steps must be at least 1".into());
        }
        Ok(options)
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// One row of the table.
fn compare(
    case: (&str, usize, Variant),
    options: &Options,
    python: &mut Python,
    weights: &std::path::Path,
) -> Result<(), Box<dyn Error>> {
    let (model, batch, variant) = case;
    let mut ours = ours::training(model, batch, variant)?;
    let parameters = ours.write(weights)?;
    let losses: Vec<f64> = (0..3).map(|_| Ok(f64::from(ours.step()?))).collect::<Result<_, Box<dyn Error>>>()?;
    let mut peers = vec!["torch"];
    if options.compile {
        peers.push("compile");
    }
    if options.ana.is_some() && matches!(variant, Variant::Uniform | Variant::Normal) {
        peers.push("ana");
    }
    let mut farthest = 0.0_f64;
    for (index, peer) in peers.iter().enumerate() {
        let (count, theirs) = python.prepare(peer, case, weights, index == 0)?;
        if count != parameters {
            return Err(format!("{model}: {parameters} parameters here, {count} in {peer}").into());
        }
        let apart = losses.iter().zip(&theirs).map(|(a, b)| (a - b).abs() / b.abs());
        farthest = apart.fold(farthest, f64::max);
    }
    let mut times = vec![Vec::new(); peers.len() + 1];
    for _ in 0..options.rounds {
        let mut own = Vec::with_capacity(options.steps);
        for _ in 0..options.steps {
            let start = ours::milliseconds(options.processor);
            ours.step()?;
            own.push(ours::milliseconds(options.processor) - start);
        }
        times[0].push(median(own));
        for (peer, times) in peers.iter().zip(&mut times[1..]) {
            times.push(median(python.steps(peer, options.steps, options.processor)?));
        }
    }
    let medians: Vec<f64> = times.iter().cloned().map(median).collect();
    let name = variant.name();
    print!("| {model} | {batch} | {name} | {parameters} | {farthest:.0e} | {:.1} |", medians[0]);
    for column in ["torch", "compile", "ana"] {
        match peers.iter().position(|peer| *peer == column) {
            Some(index) => {
                let ratios = times[index + 1].iter().zip(&times[0]).map(|(theirs, own)| theirs / own);
                print!(" {:.1} | {:.2} |", medians[index + 1], median(ratios.collect()));
            }
            None => print!(" – | – |"),
        }
    }
    println!();
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    stairs::allocator::keep_memory();
    let options = Options::read()?;
    let threads = std::env::var("RAYON_NUM_THREADS").ok().and_then(|n| n.parse().ok());
    let threads = match threads {
        Some(threads) => threads,
        None => std::thread::available_parallelism()?.get(),
    };
    let mut python = Python::start(&options.python, threads, options.ana.as_deref())?;
    println!("{}; ours: {threads} threads; medians of {} rounds, milliseconds\n", python.versions, options.rounds);
    println!(
        "| model | batch | variant | parameters | losses apart | ours | PyTorch | ratio | compiled | ratio | Python ANA | ratio |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    let weights = std::env::temp_dir().join(format!("stairs-peers-{}.bin", std::process::id()));
    for model in MODELS {
        for batch in [128, 32] {
            for variant in Variant::ALL {
                let name = format!("{model} {batch} {}", variant.name());
                if name.contains(&options.only) {
                    compare((model, batch, variant), &options, &mut python, &weights)?;
                }
            }
        }
    }
    std::fs::remove_file(&weights)?;
    Ok(())
}
