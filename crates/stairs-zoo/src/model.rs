//! Any model of the zoo that is trained, by its [`Architecture`].

use burn::tensor::{Device, Tensor};

use crate::{
    AlexNet, AlexNetConfig, Architecture, Branches, Cnn, CnnConfig, DsCnn, DsCnnConfig, LeNet, LeNetConfig, Mlp,
    MlpConfig, MobileNetV2, MobileNetV2Config, ModelError, Quantisation, ResNet, ResNetConfig, StairsConfig, Stem, Vgg,
    VggBn, VggBnConfig, VggConfig, limits, pretrained::parameters,
};

/// A model of the zoo. It is no Burn module itself, so that the paths of parameters do not begin with its name: reach the
/// module inside with [`with_model!`](crate::with_model).
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)]
pub enum Model {
    /// A multilayer perceptron.
    Mlp(Mlp),
    /// A LeNet.
    LeNet(LeNet),
    /// A stack of convolutions.
    Cnn(Cnn),
    /// A VGG network for small images.
    Vgg(Vgg),
    /// A DS-CNN.
    DsCnn(DsCnn),
    /// An AlexNet.
    AlexNet(AlexNet),
    /// A VGG network for ImageNet.
    VggBn(VggBn),
    /// A MobileNetV2.
    MobileNetV2(MobileNetV2),
    /// A residual network.
    ResNet(ResNet),
}

/// Evaluates an expression for the module in a [`Model`], whichever it is: `with_model!(model, module => expression)`.
///
/// ```
/// use burn::{module::Module, tensor::Device};
/// use stairs_zoo::{Architecture, Quantisation, with_model};
///
/// let resnet: Architecture = "resnet20".parse().unwrap();
/// let model = resnet.init([3, 32, 32], 10, Quantisation::Float, &Device::flex()).unwrap();
/// let parameters = with_model!(&model, module => module.num_params());
/// assert!(parameters > 269_000);
/// ```
#[macro_export]
macro_rules! with_model {
    ($model:expr, $module:ident => $value:expr) => {
        match $model {
            $crate::Model::Mlp($module) => $value,
            $crate::Model::LeNet($module) => $value,
            $crate::Model::Cnn($module) => $value,
            $crate::Model::Vgg($module) => $value,
            $crate::Model::DsCnn($module) => $value,
            $crate::Model::AlexNet($module) => $value,
            $crate::Model::VggBn($module) => $value,
            $crate::Model::MobileNetV2($module) => $value,
            $crate::Model::ResNet($module) => $value,
        }
    };
}

/// Replaces the module in a [`Model`] by the value of an expression of its own type:
/// `map_model!(model, module => expression)`.
#[macro_export]
macro_rules! map_model {
    ($model:expr, $module:ident => $value:expr) => {
        match $model {
            $crate::Model::Mlp($module) => $crate::Model::Mlp($value),
            $crate::Model::LeNet($module) => $crate::Model::LeNet($value),
            $crate::Model::Cnn($module) => $crate::Model::Cnn($value),
            $crate::Model::Vgg($module) => $crate::Model::Vgg($value),
            $crate::Model::DsCnn($module) => $crate::Model::DsCnn($value),
            $crate::Model::AlexNet($module) => $crate::Model::AlexNet($value),
            $crate::Model::VggBn($module) => $crate::Model::VggBn($value),
            $crate::Model::MobileNetV2($module) => $crate::Model::MobileNetV2($value),
            $crate::Model::ResNet($module) => $crate::Model::ResNet($value),
        }
    };
}

impl Model {
    /// Logits `[B, classes]` of a batch `[B, C, H, W]`; tables come as `[B, features, 1, 1]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        with_model!(self, module => module.forward(x))
    }
}

impl Architecture {
    /// The model for samples of shape `input` (channels, height, width) on `device`. AlexNet, VGG and MobileNetV2 for ImageNet
    /// have the dropout they were published with, all others have none.
    ///
    /// # Errors
    /// [`ModelError`] for an input the network is not made for, no classes, more than
    /// [`MAX_PARAMETERS`](crate::MAX_PARAMETERS) parameters, or a quantisation that is not possible.
    pub fn init(
        &self,
        input: [usize; 3],
        classes: usize,
        quantisation: Quantisation,
        device: &Device,
    ) -> Result<Model, ModelError> {
        let model = self.build(input, classes, &quantisation, device)?;
        Ok(map_model!(model, module => quantisation.quantise(module)?))
    }

    /// `quantisation` for this model: where only residual branches are to be quantised, with the paths they have.
    ///
    /// # Errors
    /// [`ModelError::Branches`] for a model whose branches are not known: all but MobileNetV2.
    ///
    /// ```
    /// use stairs_quant::Quantiser;
    /// use stairs_zoo::{Architecture, Branches, Quantisation, StairsConfig};
    /// let model: Architecture = "mobilenet-v2-small:0.35".parse().unwrap();
    /// let stairs = StairsConfig { branches: Branches::only(), ..StairsConfig::new(Quantiser::Ternary) };
    /// let Quantisation::Stairs(stairs) = model.scoped(Quantisation::Stairs(stairs)).unwrap() else { unreachable!() };
    /// assert!(matches!(stairs.branches, Branches::Only(blocks) if blocks.len() == 10));
    /// ```
    pub fn scoped(&self, quantisation: Quantisation) -> Result<Quantisation, ModelError> {
        let Quantisation::Stairs(stairs) = &quantisation else { return Ok(quantisation) };
        match (&stairs.branches, self) {
            (Branches::Whole, _) => Ok(quantisation),
            (Branches::Only(_), Self::MobileNetV2 { width, .. }) => {
                let modules = MobileNetV2Config::new([3, 32, 32], 1).with_width(*width).branches();
                Ok(Quantisation::Stairs(StairsConfig { branches: Branches::Only(modules), ..stairs.clone() }))
            }
            (Branches::Only(_), _) => Err(ModelError::Branches),
        }
    }

    /// Number of parameters of the float model, none of which is drawn; running statistics are none.
    ///
    /// # Errors
    /// [`ModelError`] as [`init`](Self::init), before any memory is taken.
    ///
    /// ```
    /// use burn::tensor::Device;
    /// let lenet: stairs_zoo::Architecture = "lenet".parse().unwrap();
    /// assert_eq!(lenet.parameters([1, 28, 28], 10, &Device::flex()).unwrap(), 421_866);
    /// ```
    pub fn parameters(&self, input: [usize; 3], classes: usize, device: &Device) -> Result<u64, ModelError> {
        let model = self.build(input, classes, &Quantisation::Float, device)?;
        Ok(with_model!(&model, module => parameters(module)) as u64)
    }

    /// The model before its weights are quantised.
    pub(crate) fn build(
        &self,
        input: [usize; 3],
        classes: usize,
        quantisation: &Quantisation,
        device: &Device,
    ) -> Result<Model, ModelError> {
        limits::check_samples(input, classes)?;
        let model = self.assembled(input, classes, quantisation.clone(), device)?;
        limits::check_parameters(&model)?;
        Ok(model)
    }

    /// The modules put together; Burn draws a parameter when it is first looked at.
    fn assembled(
        &self,
        input: [usize; 3],
        classes: usize,
        quantisation: Quantisation,
        device: &Device,
    ) -> Result<Model, ModelError> {
        Ok(match self.clone() {
            Self::Mlp { hidden, norm } => {
                let mlp = MlpConfig::new(input.iter().product(), hidden, classes).with_norm(norm);
                Model::Mlp(mlp.with_quantisation(quantisation).build(device)?)
            }
            Self::LeNet { channels, hidden } => {
                let lenet = LeNetConfig::new(input, classes).with_channels(channels).with_hidden(hidden);
                Model::LeNet(lenet.with_quantisation(quantisation).build(device)?)
            }
            Self::Cnn { channels, norm } => {
                let cnn = CnnConfig::new(input, classes, channels).with_norm(norm);
                Model::Cnn(cnn.with_quantisation(quantisation).build(device)?)
            }
            Self::Vgg { depth, capacity, options } => {
                let vgg = VggConfig::new(depth, input, classes).with_capacity(capacity).with_options(options);
                Model::Vgg(vgg.with_quantisation(quantisation).build(device)?)
            }
            Self::DsCnn { channels } => {
                let ds_cnn = DsCnnConfig::new(input, classes).with_channels(channels);
                Model::DsCnn(ds_cnn.with_quantisation(quantisation).build(device)?)
            }
            Self::AlexNet { stem, capacity, norm } => {
                let alexnet =
                    AlexNetConfig::new(input, classes).with_stem(stem).with_capacity(capacity).with_norm(norm);
                let alexnet = alexnet.with_dropout(if stem == Stem::ImageNet { 0.5 } else { 0.0 });
                Model::AlexNet(alexnet.with_quantisation(quantisation).build(device)?)
            }
            Self::VggBn { depth, capacity } => {
                let vgg = VggBnConfig::new(depth, input, classes).with_capacity(capacity).with_dropout(0.5);
                Model::VggBn(vgg.with_quantisation(quantisation).build(device)?)
            }
            Self::MobileNetV2 { stem, width } => {
                let mobilenet = MobileNetV2Config::new(input, classes).with_stem(stem).with_width(width);
                let mobilenet = mobilenet.with_dropout(if stem == Stem::ImageNet { 0.2 } else { 0.0 });
                Model::MobileNetV2(mobilenet.with_quantisation(quantisation).build(device)?)
            }
            Self::ResNet { depth, stem, capacity } => {
                let resnet = ResNetConfig::new(depth, input, classes).with_stem(stem).with_capacity(capacity);
                Model::ResNet(resnet.with_quantisation(quantisation).build(device)?)
            }
        })
    }
}
