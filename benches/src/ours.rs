//! Our training step of a zoo model on a fixed random batch, for comparison with the same step elsewhere.

use std::{error::Error, io::Write, path::Path};

use burn::{
    module::{Module, Param},
    nn::loss::{CrossEntropyLoss, CrossEntropyLossConfig},
    optim::{AdamConfig, GradientsParams, ModuleOptimizer},
    tensor::{Device, Distribution, Int, Tensor},
};
use stairs::{
    noise::{
        Estimator, Law, Laws, Noise, Setting, set_settings,
        walk::{Look, Place, look},
    },
    quant::Quantiser,
    zoo::{Architecture, Model, Quantisation, StairsConfig},
};

/// What becomes of weights and features: `float`, or ternary by `ste` or by the expectation under noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Float weights, ReLU.
    Float,
    /// Ternary: the hard stair forward, the clipped identity backward.
    Ste,
    /// Ternary: the expected stair under uniform noise, forward and backward.
    Uniform,
    /// The same under normal noise.
    Normal,
}

impl Variant {
    /// All.
    pub const ALL: [Self; 4] = [Self::Float, Self::Ste, Self::Uniform, Self::Normal];

    /// `float`, `ste`, `uniform`, `normal`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::Ste => "ste",
            Self::Uniform => "uniform",
            Self::Normal => "normal",
        }
    }

    fn noise(self) -> Option<Noise> {
        match self {
            Self::Uniform => Some(Noise::Uniform),
            Self::Normal => Some(Noise::Normal),
            _ => None,
        }
    }

    /// Scale of the noise in units of the quantum: it fills a window of half-width ½.
    pub fn scale(self) -> f64 {
        self.noise().map_or(0.0, |noise| 0.5 / noise.window())
    }

    fn setting(self) -> Result<Option<Setting>, Box<dyn Error>> {
        Ok(match (self, self.noise()) {
            (Self::Float, _) => None,
            (_, None) => Some(Setting::new(Estimator::clipped_identity(Quantiser::Ternary)?.laws())),
            (_, Some(noise)) => Some(Setting::new(Laws::same(Law::new(noise, 0.0, self.scale())?))),
        })
    }
}

/// Milliseconds since some moment, of the processor (all threads of this process) or of the wall clock.
pub fn milliseconds(processor: bool) -> f64 {
    let clock = if processor { libc::CLOCK_PROCESS_CPUTIME_ID } else { libc::CLOCK_MONOTONIC };
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes to `time` only.
    unsafe { libc::clock_gettime(clock, &mut time) };
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

/// A model in training.
pub trait Step {
    /// One step; its loss.
    fn step(&mut self) -> Result<f32, Box<dyn Error>>;

    /// Writes weights, quanta and images: a line of JSON with names and shapes, then the f32s. Returns the number of
    /// trained parameters.
    fn write(&self, path: &Path) -> Result<usize, Box<dyn Error>>;
}

/// The training of `model` (a LeNet or a VGG by name) on `batch` images.
pub fn training(model: &str, batch: usize, variant: Variant) -> Result<Box<dyn Step>, Box<dyn Error>> {
    let device = Device::flex().autodiff();
    device.seed(1);
    let quantisation = match variant {
        Variant::Float => Quantisation::Float,
        _ => {
            let mut stairs = StairsConfig::new(Quantiser::Ternary);
            stairs.fresh_weights = Some(1);
            Quantisation::Stairs(stairs)
        }
    };
    let architecture: Architecture = model.parse()?;
    let input = match architecture.family() {
        "lenet" => [1, 28, 28],
        family if family.starts_with("vgg") => [3, 32, 32],
        _ => return Err(format!("no peer for {model}").into()),
    };
    let model = architecture.init(input, 10, quantisation, &device)?;
    let [channels, height, width] = input;
    Ok(Box::new(Training::new(model, Model::forward, [batch, channels, height, width], variant, &device)?))
}

struct Training<M> {
    model: Option<M>,
    forward: fn(&M, Tensor<4>) -> Tensor<2>,
    setting: Option<Setting>,
    loss: CrossEntropyLoss,
    optimiser: ModuleOptimizer,
    images: Tensor<4>,
    labels: Tensor<1, Int>,
}

impl<M: Module> Training<M> {
    fn new(
        model: M,
        forward: fn(&M, Tensor<4>) -> Tensor<2>,
        images: [usize; 4],
        variant: Variant,
        device: &Device,
    ) -> Result<Self, Box<dyn Error>> {
        let labels: Vec<i32> = (0..images[0] as i32).map(|i| i % 10).collect();
        Ok(Self {
            model: Some(model),
            forward,
            setting: variant.setting()?,
            loss: CrossEntropyLossConfig::new().init(device),
            optimiser: AdamConfig::new().init(),
            images: Tensor::random(images, Distribution::Normal(0.0, 1.0), device),
            labels: Tensor::from_ints(labels.as_slice(), device),
        })
    }
}

impl<M: Module> Step for Training<M> {
    fn step(&mut self) -> Result<f32, Box<dyn Error>> {
        let mut model = self.model.take().ok_or("a step before this one failed")?;
        if let Some(setting) = &self.setting {
            model = set_settings(model, |_| Some(setting.clone()))?;
        }
        let loss = self.loss.forward((self.forward)(&model, self.images.clone()), self.labels.clone());
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        self.model = Some(self.optimiser.step(1e-3, model, gradients));
        Ok(loss.into_scalar::<f32>())
    }

    fn write(&self, path: &Path) -> Result<usize, Box<dyn Error>> {
        let model = self.model.as_ref().ok_or("a step before this one failed")?;
        let mut tensors = look(model, Tensors::default());
        tensors.push("images".to_owned(), self.images.clone());
        let header: Vec<String> = tensors.all.iter().map(|(name, dims, _)| format!("[\"{name}\", {dims:?}]")).collect();
        let mut bytes = format!("[{}]\n", header.join(", ")).into_bytes();
        for (_, _, values) in &tensors.all {
            values.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
        }
        std::fs::File::create(path)?.write_all(&bytes)?;
        Ok(tensors.trained)
    }
}

/// All float parameters of a model; of a quantised weight its latent values.
#[derive(Default)]
struct Tensors {
    all: Vec<(String, Vec<usize>, Vec<f32>)>,
    trained: usize,
}

impl Tensors {
    fn push<const D: usize>(&mut self, name: String, value: Tensor<D>) {
        let dims = value.dims().to_vec();
        self.all.push((name, dims, value.into_data().try_into_vec_as::<f32>().unwrap_or_default()));
    }
}

impl Look for Tensors {
    fn float<const D: usize>(&mut self, place: &Place, param: &Param<Tensor<D>>) {
        let value = param.base();
        if value.is_require_grad() {
            self.trained += value.dims().iter().product::<usize>();
        }
        self.push(place.path().to_owned(), value);
    }
}
