//! The whole test set through the network in single precision, with hard quantisers, and through a program.
//!
//! A program is exact where the network rounds, so that both may differ where a sum comes within rounding of a threshold. Labels that
//! differ are told one by one, with the label that the network has in double precision and the threshold that the sample comes
//! closest to; and the kernels of the engine are held against the definitions, integer by integer.

use burn::tensor::{Device, Tensor, TensorData};
use serde::Serialize;
use stairs_infer::{Engine, Options, Program, Value, label};
use stairs_network::Network;
use stairs_train::{ZooModel, data::Samples};

use super::DeployRunError;
use super::closest::{Closest, closest};

/// Samples in a batch.
const BATCH: usize = 64;

/// How a program is verified.
#[derive(Clone, Copy, Debug)]
pub struct Verify {
    /// Samples, from the first on.
    pub samples: usize,
    /// Samples of those whose every integer is compared with the definitions.
    pub exact: usize,
}

/// A label that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Index of the sample.
    pub sample: usize,
    /// Its class.
    pub class: usize,
    /// Label by the network in single precision.
    pub network: usize,
    /// Label by the program.
    pub program: usize,
    /// Label by the network in double precision.
    pub double: usize,
    /// Where the sample comes closest to a threshold.
    pub closest: Option<Closest>,
}

/// The engine against the definitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Exactness {
    /// Samples compared.
    pub samples: usize,
    /// Numbers compared.
    pub numbers: u64,
    /// Those that differ.
    pub wrong: u64,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verification {
    /// Samples.
    pub samples: usize,
    /// Those that the network in single precision has right.
    pub network_right: usize,
    /// Those that the program has right.
    pub program_right: usize,
    /// Labels that differ.
    pub changes: Vec<Change>,
    /// Largest difference of results, relative to the largest result.
    pub difference: f64,
    /// Samples with a difference of results of more than a hundred-thousandth: some level differs.
    pub samples_that_differ: usize,
    /// The engine against the definitions.
    pub exactness: Exactness,
}

impl Verification {
    /// Whether all labels are equal, and the engine is exact.
    pub fn holds(&self) -> bool {
        self.changes.is_empty() && self.exactness.wrong == 0
    }
}

impl Verify {
    /// Runs it; `progress` is told the samples done.
    ///
    /// # Errors
    /// [`DeployRunError`].
    pub fn run(
        self,
        model: &ZooModel,
        network: &Network,
        program: &Program,
        samples: &dyn Samples,
        device: &Device,
        mut progress: impl FnMut(usize),
    ) -> Result<Verification, DeployRunError> {
        let shape = samples.shape();
        if program.input() != shape && program.input() != network.input() {
            return Err(DeployRunError::Shape { program: program.input().to_vec(), data: shape.to_vec() });
        }
        let size: usize = shape.iter().product();
        let count = self.samples.min(samples.len());
        let engine = Engine::new(program, Options::default().with_threads(threads()))?;
        let keeping = Engine::new(program, Options::default().with_batch(1).with_all_results(true))?;
        let run = |source| DeployRunError::Run { index: 0, source };
        let (mut workspace, mut ours) = (engine.workspace().map_err(run)?, Value::Floats(Vec::new()));
        let mut result = Verification {
            samples: count,
            network_right: 0,
            program_right: 0,
            changes: Vec::new(),
            difference: 0.0,
            samples_that_differ: 0,
            exactness: Exactness::default(),
        };
        for start in (0..count).step_by(BATCH) {
            let batch = BATCH.min(count - start);
            let (values, classes) = take(samples, start, batch)?;
            let [channels, height, width] = shape;
            let data = TensorData::new(values.clone(), [batch, channels, height, width]);
            let logits = model.logits(Tensor::<4>::from_data(data, device)).into_data();
            let logits: Vec<f32> = logits.try_into_vec_as::<f32>().unwrap_or_default();
            engine
                .run_into(&mut workspace, &values, batch, &mut ours)
                .map_err(|source| DeployRunError::Run { index: start, source })?;
            let results = ours.to_floats();
            let width = logits.len() / batch;
            for (i, class) in classes.into_iter().enumerate() {
                let [theirs, ours] = [&logits, &results].map(|all| &all[i * width..(i + 1) * width]);
                let [network_label, program_label] = [theirs, ours].map(label);
                result.network_right += usize::from(network_label == class);
                result.program_right += usize::from(program_label == class);
                let largest = theirs.iter().fold(f64::MIN_POSITIVE, |most, x| most.max(f64::from(x.abs())));
                let pairs = theirs.iter().zip(ours).map(|(a, b)| f64::from((a - b).abs()) / largest);
                let difference = pairs.fold(0.0, f64::max);
                result.difference = result.difference.max(difference);
                result.samples_that_differ += usize::from(difference > 1e-5);
                let sample = &values[i * size..(i + 1) * size];
                if network_label != program_label {
                    let double: Vec<f64> = sample.iter().map(|x| f64::from(*x)).collect();
                    let single: Vec<f32> = network.run(&double)?.iter().map(|x| *x as f32).collect();
                    result.changes.push(Change {
                        sample: start + i,
                        class,
                        network: network_label,
                        program: program_label,
                        double: label(&single),
                        closest: closest(network, &double)?,
                    });
                }
                if start + i < self.exact {
                    let run = |source| DeployRunError::Run { index: start + i, source };
                    result.exactness.compare(&keeping, program, sample).map_err(run)?;
                }
            }
            progress(start + batch);
        }
        Ok(result)
    }
}

impl Exactness {
    /// Adds the comparison of one sample.
    fn compare(&mut self, engine: &Engine, program: &Program, sample: &[f32]) -> Result<(), stairs_infer::RunError> {
        self.samples += 1;
        for (want, got) in program.trace(sample)?.iter().zip(engine.trace(sample)?) {
            let Some(got) = got else { continue };
            let (numbers, wrong) = match (want, &got) {
                (Value::Integers(want), Value::Integers(got)) => differ(want, got),
                (Value::Floats(want), Value::Floats(got)) => differ(want, got),
                (want, _) => (want.to_floats().len(), want.to_floats().len()),
            };
            self.numbers += numbers as u64;
            self.wrong += wrong as u64;
        }
        Ok(())
    }
}

/// How many numbers there are, and how many of them differ.
fn differ<T: PartialEq>(want: &[T], got: &[T]) -> (usize, usize) {
    let wrong = want.iter().zip(got).filter(|(a, b)| a != b).count();
    (want.len(), wrong + want.len().abs_diff(got.len()))
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// So many samples from one on, and their classes.
pub(super) fn take(
    samples: &dyn Samples,
    start: usize,
    count: usize,
) -> Result<(Vec<f32>, Vec<usize>), DeployRunError> {
    let size: usize = samples.shape().iter().product();
    let mut values = vec![0.0f32; count * size];
    let classes = (start..start + count).zip(values.chunks_mut(size)).map(|(i, to)| samples.copy(i, to));
    let classes = classes.collect::<Result<_, _>>().map_err(DeployRunError::Sample)?;
    Ok((values, classes))
}
