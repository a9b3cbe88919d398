//! A module of your own leaves as integers: trained, deployed, held against itself on the whole test part, and written for programs
//! that have no Burn, such as `labels` of stairs-infer.
//!
//! ```text
//! cargo run --release -p stairs-examples --example deploy
//! cargo run --release -p stairs-infer --example labels -- tiny-resnet.stairs 64 < some-bytes
//! ```

use std::error::Error;

use burn::{
    module::Module,
    tensor::{Device, Tensor, TensorData},
};
use stairs::{
    data::Split,
    deploy::{DeployOptions, Deployed, deploy},
    infer::{Engine, Options, Pixels},
    noise::record,
    prelude::*,
    train::Classifier,
};

#[allow(dead_code, clippy::duplicate_mod)] // the tests of all examples have it too
#[path = "own_model.rs"]
mod own_model;

/// The integers of a classifier of images such as those of `train`.
pub(crate) fn integers<M>(name: &str, model: &M, train: &Split) -> Result<Deployed, Box<dyn Error>>
where
    M: Classifier + Module,
{
    let network = record(model, &[1, 8, 8], |model, x| model.logits(x))?;
    // What a byte of an image is for the network; padding is 0, which is no byte.
    let table = (0..256).map(|byte| train.standardisation().apply(0, byte as f32)).collect();
    Ok(deploy(&network, &DeployOptions::new(name, 1.0).with_pixels(Pixels { table }))?)
}

/// Labels of all samples by the module, and how many of them the program gives too.
pub(crate) fn equal<M: Classifier>(
    model: &M,
    deployed: &Deployed,
    split: &Split,
) -> Result<(usize, usize), Box<dyn Error>> {
    let engine = Engine::new(&deployed.program, Options::default())?;
    let samples: Vec<f32> = (0..split.len()).flat_map(|i| split.sample(i).0).collect();
    let x = TensorData::new(samples.clone(), [split.len(), 1, 8, 8]);
    let logits = model.logits(Tensor::from_data(x, &Device::flex())).into_data().try_into_vec::<f32>()?;
    let ours = engine.run(&samples, split.len())?.to_floats();
    let label = |row: &[f32]| (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best });
    let pairs = logits.chunks(10).zip(ours.chunks(10));
    let same = pairs.filter(|(a, b)| label(a) == label(b)).count();
    // Bytes and numbers are the same to a program.
    let bytes = split.bytes(0).ok_or("digits are bytes")?;
    assert_eq!(deployed.program.sample(bytes)?, split.sample(0).0);
    Ok((split.len(), same))
}

fn main() -> Result<(), Box<dyn Error>> {
    stairs::allocator::keep_memory();
    let digits = load(DatasetName::Digits, &DataRoot::default())?;
    let fitted = own_model::run(own_model::Settings::default())?;
    let model = fitted.model.valid();
    let deployed = integers("tiny-resnet", &model, &digits.train)?;
    for island in &deployed.islands {
        println!("float: `{}` {}", island.path, island.why);
    }
    let (samples, same) = equal(&model, &deployed, &digits.test)?;
    println!("{same} of {samples} labels are equal");
    let file = std::env::temp_dir().join("tiny-resnet.stairs");
    deployed.program.write(&file)?;
    println!("{} B in {}", std::fs::metadata(&file)?.len(), file.display());
    Ok(())
}
