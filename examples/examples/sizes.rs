//! How large networks leave: the same four at float weights, as ONNX, packed and as C, with what C keeps in memory while it runs.
//!
//! Weights are random, which cost what trained ones cost.
//!
//! ```text
//! cargo run --release -p stairs-examples --example sizes
//! ```

use std::error::Error;

use burn::tensor::Device;
use stairs::{
    deploy::{DeployOptions, c, deploy, onnx},
    infer::Pixels,
    prelude::*,
    train::ZooModel,
};

/// Bytes of a network.
#[derive(Debug)]
pub(crate) struct Sizes {
    /// Parameters in single precision.
    pub(crate) float: usize,
    /// As ONNX.
    pub(crate) onnx: usize,
    /// Packed.
    pub(crate) packed: usize,
    /// Constants of the C source.
    pub(crate) flash: usize,
    /// Results in flight of the C source.
    pub(crate) ram: usize,
}

/// Those of a ternary model of the zoo.
pub(crate) fn sizes(model: &str, input: [usize; 3], classes: usize) -> Result<Sizes, Box<dyn Error>> {
    let config = RunConfig::new(model).with_method(Method::Ste);
    let ZooModel(model) = ZooModel::new(&config, input, classes, &Device::flex())?;
    let network = model.network(input)?;
    let pixels = Pixels { table: (0..input[0] * 256).map(|i| (i % 256) as f32 / 64.0 - 2.0).collect() };
    let program = deploy(&network, &DeployOptions::new("network", 2.0).with_pixels(pixels))?.program;
    let sources = c::c(&program, &c::Options::new("network"))?;
    Ok(Sizes {
        float: 4 * network.totals().parameters as usize,
        onnx: onnx::onnx(&program)?.bytes.len(),
        packed: program.to_bytes().len(),
        flash: sources.flash,
        ram: sources.ram,
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let models = [
        ("lenet", [1, 28, 28], 10),
        ("vgg8", [3, 32, 32], 10),
        ("resnet18", [3, 224, 224], 1000),
        ("mobilenet-v2", [3, 224, 224], 1000),
    ];
    println!("| network, ternary | float | ONNX | packed | C, constants | C, RAM |\n|---|---|---|---|---|---|");
    for (model, input, classes) in models {
        let sizes = sizes(model, input, classes)?;
        let kilobytes = |bytes: usize| format!("{:.1} kB", bytes as f64 / 1000.0);
        let columns = [sizes.float, sizes.onnx, sizes.packed, sizes.flash, sizes.ram].map(kilobytes);
        println!("| {model} | {} |", columns.join(" | "));
    }
    Ok(())
}
