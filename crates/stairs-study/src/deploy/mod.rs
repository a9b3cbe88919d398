//! From a run to a program of integers, and whether both say the same.
//!
//! | file | what |
//! |---|---|
//! | `export` | programs as files |
//! | `verify` | the whole test set through the network and the program |
//! | `closest` | how close a sample comes to a threshold |
//! | `python`, `onnx.py` | an exported file in onnxruntime |
//! | `picture` | its weights drawn |
//! | `table` | what a program costs, layer by layer |

mod closest;
mod error;
mod export;
mod picture;
mod python;
mod table;
mod verify;

use stairs_deploy::{DeployOptions, Deployed, deploy};
use stairs_infer::Pixels;
use stairs_network::Network;
use stairs_train::{RunConfig, ZooModel, data::Samples};
use stairs_zoo::ModelError;

pub use error::DeployRunError;
pub use export::{Format, Written, export, export_samples};
pub use picture::weights_svg;
pub use python::{Elsewhere, elsewhere};
pub use table::{deployed_table, notes, totals};
pub use verify::{Change, Exactness, Verification, Verify};

/// Numbers of samples that are not bytes are looked at in so many samples, evenly spaced, for the largest magnitude.
const LOOKED_AT: usize = 100_000;

/// The network of a run, as it was recorded, and the program made of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    /// The network.
    pub network: Network,
    /// The program, and where it rounds.
    pub deployed: Deployed,
}

/// The program of `model`, which is one of `config`, for samples such as those of `train`: bytes of images become what training made of
/// them, other numbers may be up to twice as large as those seen.
///
/// # Errors
/// [`DeployRunError`] for a model whose forward pass cannot be recorded, samples that cannot be made, and what
/// [`deploy`](stairs_deploy::deploy()) says.
pub fn deployment(
    config: &RunConfig,
    model: &ZooModel,
    train: &dyn Samples,
    integer_only: bool,
) -> Result<Deployment, DeployRunError> {
    let network = model.0.network(train.shape()).map_err(ModelError::from)?;
    let name = config.model.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let options = match train.pixels() {
        Some(table) => DeployOptions::new(name, 1.0).with_pixels(Pixels { table }),
        None => DeployOptions::new(name, 2.0 * reach(train)?),
    };
    let options = if integer_only { options.with_integers_only() } else { options };
    let deployed = deploy(&network, &options)?;
    Ok(Deployment { network, deployed })
}

/// Largest magnitude in the samples; 1 if all are 0.
fn reach(samples: &dyn Samples) -> Result<f64, DeployRunError> {
    let mut sample = vec![0.0; samples.shape().iter().product()];
    let mut reach = 0.0f32;
    for i in (0..samples.len()).step_by(samples.len().div_ceil(LOOKED_AT).max(1)) {
        samples.copy(i, &mut sample).map_err(DeployRunError::Sample)?;
        reach = sample.iter().fold(reach, |reach, x| reach.max(x.abs()));
    }
    Ok(if reach > 0.0 { f64::from(reach) } else { 1.0 })
}
