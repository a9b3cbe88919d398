//! Regression: the elevation of Covertype's patches of forest from their other 53 features, by a ternary network.
//!
//! What is to be predicted comes from `Samples::copy_targets`, the loss from the task, `Regression`. Everything else is as
//! for classes: the run is annealed, can be interrupted and resumed, and leaves its directory.
//!
//! ```text
//! stairs data fetch covertype
//! cargo run --release -p stairs-examples --example regression
//! ```

use std::{error::Error, path::PathBuf, sync::Arc};

use burn::{
    module::Module,
    nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig},
    tensor::{Device, Tensor, activation::relu},
};
use stairs::{
    noise::{StairActivation, StairActivationConfig, StairWeights, WeightInit},
    prelude::*,
    train::{Display, Fitted, Method, Predictor, Regression, SampleError, Samples, data::parts, try_seeded},
};

/// Samples whose first feature is to be predicted from the others.
pub(crate) struct FirstFeature(pub(crate) Arc<dyn Samples>);

impl FirstFeature {
    fn features(&self, i: usize) -> Result<Vec<f32>, SampleError> {
        let mut features = vec![0.0; self.0.shape()[0]];
        self.0.copy(i, &mut features)?;
        Ok(features)
    }
}

impl Samples for FirstFeature {
    fn shape(&self) -> [usize; 3] {
        [self.0.shape()[0] - 1, 1, 1]
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn copy(&self, i: usize, out: &mut [f32]) -> Result<usize, SampleError> {
        out.copy_from_slice(&self.features(i)?[1..]);
        Ok(0)
    }

    fn targets(&self) -> usize {
        1
    }

    fn copy_targets(&self, i: usize, out: &mut [f32]) -> Result<(), SampleError> {
        out[0] = self.features(i)?[0];
        Ok(())
    }
}

/// Two hidden layers; without stairs a ReLU stands in their place.
#[derive(Module, Debug)]
pub(crate) struct Net {
    first: Linear,
    first_norm: BatchNorm,
    first_act: Option<StairActivation>,
    second: Linear,
    second_norm: BatchNorm,
    second_act: Option<StairActivation>,
    last: Linear,
}

impl Net {
    fn new(inputs: usize, width: usize, ternary: bool, seed: u64) -> Result<Self, Box<dyn Error>> {
        let device = Device::flex();
        let act = || ternary.then(|| StairActivationConfig::new(Quantiser::Ternary).init(&device)).transpose();
        let (first_act, second_act) = (act()?, act()?);
        let net = || Self {
            first: LinearConfig::new(inputs, width).init(&device),
            first_norm: BatchNormConfig::new(width).init(&device),
            first_act,
            second: LinearConfig::new(width, width).init(&device),
            second_norm: BatchNormConfig::new(width).init(&device),
            second_act,
            last: LinearConfig::new(width, 1).init(&device),
        };
        let weights = StairWeights::ternary().with_init(WeightInit::InsideSupport { seed }).with_except_last();
        try_seeded(seed, &device, || if ternary { Ok(weights.quantise(net())?) } else { Ok(net()) })
    }
}

impl Predictor for Net {
    fn outputs(&self, x: Tensor<4>) -> Tensor<2> {
        let act = |act: &Option<StairActivation>, x: Tensor<2>| match act {
            Some(stair) => stair.forward(x),
            None => relu(x),
        };
        let x = act(&self.first_act, self.first_norm.forward(self.first.forward(x.flatten::<2>(1, 3))));
        let x = act(&self.second_act, self.second_norm.forward(self.second.forward(x)));
        self.last.forward(x)
    }
}

/// How long and where.
pub(crate) struct Settings {
    pub(crate) width: usize,
    pub(crate) config: RunConfig,
    pub(crate) dir: PathBuf,
    pub(crate) display: Display,
}

/// Trains, or goes on training, a network to predict the first feature: a float one, or a ternary one.
pub(crate) fn run(
    settings: Settings,
    ternary: bool,
    train: Arc<dyn Samples>,
    test: Arc<dyn Samples>,
) -> Result<Fitted<Net>, Box<dyn Error>> {
    let net = Net::new(train.shape()[0] - 1, settings.width, ternary, settings.config.seed)?;
    let config = settings.config.with_method(if ternary { Method::Ana } else { Method::Float });
    let (train, test) = (Arc::new(FirstFeature(train)), Arc::new(FirstFeature(test)));
    let trainer = Trainer::for_task(Regression::squared(), config, train, test, settings.dir);
    Ok(trainer.with_display(settings.display).with_resume(true).fit(net)?)
}

/// Root mean square errors on the test part of the training part's mean, and of the linear regression with the least
/// squared error there.
pub(crate) fn baselines(train: Arc<dyn Samples>, test: Arc<dyn Samples>) -> Result<[f64; 2], Box<dyn Error>> {
    let row = |samples: &FirstFeature, i: usize| -> Result<Vec<f64>, Box<dyn Error>> {
        let features = samples.features(i).map_err(|error| -> Box<dyn Error> { error })?;
        let mut row: Vec<f64> = features.into_iter().map(f64::from).collect();
        // The target last, a constant in its place.
        let target = std::mem::replace(&mut row[0], 1.0);
        row.push(target);
        Ok(row)
    };
    let (train, test) = (FirstFeature(train), FirstFeature(test));
    let size = train.0.shape()[0];
    // The normal equations with the right-hand side as a last column; indicators that add up to 1 need a little ridge.
    let mut equations = vec![vec![0.0; size + 1]; size];
    let mut sum = 0.0;
    for i in 0..train.len() {
        let row = row(&train, i)?;
        sum += row[size];
        for (equation, x) in equations.iter_mut().zip(&row) {
            equation.iter_mut().zip(&row).for_each(|(a, y)| *a += x * y);
        }
    }
    let (mean, ridge) = (sum / train.len() as f64, 1e-9 * train.len() as f64);
    equations.iter_mut().enumerate().for_each(|(i, equation)| equation[i] += ridge);
    let coefficients = solve(equations);
    let mut squares = [0.0; 2];
    for i in 0..test.len() {
        let row = row(&test, i)?;
        let linear: f64 = coefficients.iter().zip(&row).map(|(c, x)| c * x).sum();
        squares[0] += (row[size] - mean).powi(2);
        squares[1] += (row[size] - linear).powi(2);
    }
    Ok(squares.map(|square| (square / test.len() as f64).sqrt()))
}

/// Solves positive definite equations by elimination.
fn solve(mut equations: Vec<Vec<f64>>) -> Vec<f64> {
    let size = equations.len();
    for i in 0..size {
        let pivot = equations[i].clone();
        for (_, equation) in equations.iter_mut().enumerate().filter(|(j, _)| *j != i) {
            let factor = equation[i] / pivot[i];
            equation.iter_mut().zip(&pivot).for_each(|(a, p)| *a -= factor * p);
        }
    }
    (0..size).map(|i| equations[i][size] / equations[i][i]).collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    stairs::allocator::keep_memory();
    let forest = load(DatasetName::Covertype, &DataRoot::default())?;
    let metres = f64::from(forest.train.standardisation().sd()[0]);
    let (train, test) = parts(&forest);
    let [mean, linear] = baselines(train.clone(), test.clone())?;
    println!("mean of the training part  {:6.1} m", metres * mean);
    println!("linear regression          {:6.1} m", metres * linear);
    for (name, ternary) in [("float", false), ("ternary", true)] {
        let config = RunConfig::new("net").with_dataset("elevation").with_subset(100_000);
        let config = config.with_epochs(15).with_batch(256).with_lr(3e-3);
        let dir = PathBuf::from("runs/regression").join(name);
        let settings = Settings { width: 256, config, dir, display: Display::Plain };
        let fitted = run(settings, ternary, train.clone(), test.clone())?;
        println!("{name:<7} network            {:6.1} m", metres * fitted.record.test_accuracy);
    }
    Ok(())
}
