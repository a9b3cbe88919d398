//! What a network costs, counted from its recording.
//!
//! | cost | of a network that becomes integers | of any other |
//! |---|---|---|
//! | parameters, MACs, bit operations | [`Totals`] | [`Totals`] |
//! | flash | constants of its C program, code not counted | bytes of its parameters, in 32 bits where they are float |
//! | RAM | arena of its C program | most bytes of features at one time |
//! | seconds | one sample through the engine of `stairs-infer`, one thread | one sample through Burn |
//!
//! Costs of a C program are those of the untrained network: a training changes numbers, no sizes.

use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};
use stairs_deploy::{DeployOptions, c, deploy};
use stairs_infer::{Engine, Options, Program};
use stairs_network::{Network, Totals};
use stairs_train::ZooModel;
use stairs_zoo::Model;

use super::{Candidate, ChooseError, Resource};

/// Seed of the untrained weights that a program is made of.
const SEED: u64 = 1;
/// Samples that are timed, after one that is not; the fastest counts, which other programs disturb least.
const TIMED: usize = 5;

/// What one network costs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    /// Numbers of the parameters.
    pub parameters: u64,
    /// Multiply-accumulates of a sample.
    pub macs: u64,
    /// Multiply-accumulates, each times the bits of a weight and of a feature; float counts 32.
    pub bit_operations: u64,
    /// Bytes that never change.
    pub flash: u64,
    /// Most bytes of features at one time.
    pub ram: u64,
    /// Whether flash and RAM are those of a C program.
    pub is_deployed: bool,
    /// Seconds for a sample on this machine; absent where it was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

impl Costs {
    /// The cost in one resource; `None` for seconds that were not measured.
    pub fn of(&self, resource: Resource) -> Option<f64> {
        Some(match resource {
            Resource::Parameters => self.parameters as f64,
            Resource::Macs => self.macs as f64,
            Resource::BitOperations => self.bit_operations as f64,
            Resource::Flash => self.flash as f64,
            Resource::Ram => self.ram as f64,
            Resource::Seconds => self.seconds?,
        })
    }
}

/// Network and costs of `candidate` for samples of shape `input`: the network only where `within` allows the costs. What needs no
/// weights is counted first, so that most networks beyond a budget take a millisecond.
///
/// # Errors
/// [`ChooseError::Zoo`] for a network that cannot be built for these samples.
pub(super) fn cost(
    candidate: &Candidate,
    input: [usize; 3],
    classes: usize,
    within: impl Fn(&Costs) -> bool,
) -> Result<(Option<Network>, Costs), ChooseError> {
    let failed = |source| ChooseError::Zoo { candidate: candidate.to_string(), source };
    let network =
        candidate.model.network(input, classes, &candidate.quantisation(), &Device::flex()).map_err(failed)?;
    let Totals { parameters, macs, bit_operations, parameter_bytes, peak_feature_bytes, .. } = network.totals();
    let mut costs = Costs {
        parameters,
        macs,
        bit_operations,
        flash: parameter_bytes,
        ram: peak_feature_bytes,
        is_deployed: false,
        seconds: None,
    };
    // A float network never becomes integers: its costs are known.
    if candidate.quantiser.is_some() {
        if !within(&Costs { flash: 0, ram: 0, ..costs }) {
            return Ok((None, costs));
        }
        let program = program(&untrained(candidate, input, classes)?, input);
        let sources = program.and_then(|program| c::c(&program, &c::Options::new("candidate")).ok());
        if let Some(sources) = sources {
            (costs.flash, costs.ram, costs.is_deployed) = (sources.flash as u64, sources.ram as u64, true);
        }
    }
    Ok((within(&costs).then_some(network), costs))
}

/// Seconds of a sample on this machine.
///
/// # Errors
/// As [`cost`].
pub(super) fn seconds(candidate: &Candidate, input: [usize; 3], classes: usize) -> Result<f64, ChooseError> {
    let model = untrained(candidate, input, classes)?;
    let values = vec![0.5; input.iter().product()];
    let program = candidate.quantiser.and_then(|_| program(&model, input));
    match program.and_then(|program| Engine::new(&program, Options::default()).ok()) {
        Some(engine) => Ok(fastest(|| drop(engine.run(&values, 1)))),
        None => {
            let [channels, height, width] = input;
            let data = TensorData::new(values, [1, channels, height, width]);
            let sample = Tensor::<4>::from_data(data, &Device::flex());
            Ok(fastest(|| drop(model.forward(sample.clone()).into_data())))
        }
    }
}

fn fastest(mut run: impl FnMut()) -> f64 {
    run();
    let times = (0..TIMED).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    });
    times.fold(f64::INFINITY, f64::min)
}

fn untrained(candidate: &Candidate, input: [usize; 3], classes: usize) -> Result<Model, ChooseError> {
    let device = Device::flex();
    let init = || candidate.model.init(input, classes, candidate.quantisation(), &device);
    let ZooModel(model) = ZooModel::seeded(SEED, &device, init)
        .map_err(|source| ChooseError::Zoo { candidate: candidate.to_string(), source })?;
    Ok(model)
}

/// The program of a network, where it has one.
fn program(model: &Model, input: [usize; 3]) -> Option<Program> {
    let network = model.network(input).ok()?;
    Some(deploy(&network, &DeployOptions::new("candidate", 1.0)).ok()?.program)
}
