//! The engine of `stairs-infer`, one sample and one thread: ternary LeNet (28×28) and VGG8 (3×32×32) with weights as they are
//! initialised, by the kernels of every level that the processor has. Run with `cargo xtask bench engine`.
#![allow(missing_docs)]

use std::error::Error;
use std::time::Duration;

use burn::tensor::Device;
use criterion::{Criterion, Throughput};
use stairs::{
    deploy::{DeployOptions, deploy},
    infer::{Engine, Level, Options, Program, Value},
    prelude::*,
    train::ZooModel,
};

/// A ternary model of the zoo as a program, and the products of a sample.
fn program(model: &str, input: [usize; 3]) -> Result<(Program, u64), Box<dyn Error>> {
    let config = RunConfig::new(model).with_method(Method::Ste);
    let ZooModel(model) = ZooModel::new(&config, input, 10, &Device::flex())?;
    let network = model.network(input)?;
    let products = network.totals().macs;
    Ok((deploy(&network, &DeployOptions::new("network", 2.0))?.program, products))
}

fn benches(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    for (model, input) in [("lenet", [1, 28, 28]), ("vgg8", [3, 32, 32])] {
        let (program, products) = program(model, input)?;
        let sample: Vec<f32> = (0..input.iter().product()).map(|i: usize| (i * 37 % 101) as f32 / 50.0 - 1.0).collect();
        let mut group = criterion.benchmark_group(format!("engine/{model}"));
        group.throughput(Throughput::Elements(products)).sample_size(20);
        group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(1));
        // Plain loops take seconds for what the others do in milliseconds.
        for level in Level::ALL.into_iter().filter(|level| level.is_here() && *level > Level::Scalar) {
            let engine = Engine::new(&program, Options::default().with_level(level))?;
            let (mut workspace, mut result) = (engine.workspace()?, Value::Floats(Vec::new()));
            engine.run_into(&mut workspace, &sample, 1, &mut result)?;
            group.bench_function(level.name(), |b| b.iter(|| engine.run_into(&mut workspace, &sample, 1, &mut result)));
        }
        group.finish();
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    benches(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}
