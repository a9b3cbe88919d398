//! The stream of a residual network: what its skip connections carry from sum to sum.
//!
//! ```text
//!               float                            quantised
//! ResNet        s′ = ReLU(s + F(s))              s′ = Q₈(s + F(Q(s)))
//! MobileNetV2   s′ = s + F(s)                    s′ = Q₈(s + F(s))
//! ```
//!
//! A sum of features of few levels has more levels than each of them, and rounding it back to theirs at every block would
//! lose what the skip connection is there to keep. So the stream has a quantiser of its own, of 8 bits unless configured
//! otherwise ([`StairsConfig::stream`](crate::StairsConfig::stream)), and sums of skip connections are integers.
//!
//! Where the float network has a ReLU behind the sum, as ResNet does, its place is taken by the quantiser Q of the network's
//! features, through which each block reads the stream. The bottlenecks of MobileNetV2 are linear, because a
//! non-linearity in so few channels destroys what they carry, and a stair of three levels is one: they are read as they
//! are, by ternary weights.
//!
//! Q₈ is unsigned, and thereby rectifies, where the float network does and features have no negative levels; else it keeps
//! the signs.

use burn::module::Module;
use burn::nn::Relu;
use burn::tensor::{Device, Tensor};
use stairs_noise::{StairActivation, StairActivationConfig};

use crate::calibration::{note, note_quantiser};
use crate::{ModelError, Quantisation};

/// The end of a residual block and the beginning of the next.
#[derive(Module, Debug)]
pub(crate) struct Stream {
    rectifier: Option<Relu>,
    sum: Option<StairActivation>,
    read: Option<StairActivation>,
}

impl Stream {
    /// The stream behind a block; `rectified` says whether the float network has a ReLU there.
    pub(crate) fn new(rectified: bool, quantisation: &Quantisation, device: &Device) -> Result<Self, ModelError> {
        let Some(stairs) = quantisation.stairs().filter(|stairs| stairs.features.is_some()) else {
            return Ok(Self { rectifier: rectified.then(Relu::new), sum: None, read: None });
        };
        let keeps_signs = stairs.has_negative_features() || !rectified;
        let sum = stairs.stream(keeps_signs).init(device)?;
        // Features as fine as the stream are read as they are.
        let finer = |features: &StairActivationConfig| features.quantiser.bits() < stairs.stream.get();
        let read = quantisation.features().filter(|features| rectified && finer(features));
        let read = read.map(|features| features.init(device)).transpose()?;
        Ok(Self { rectifier: None, sum: Some(sum), read })
    }

    /// The next stream, of a sum.
    pub(crate) fn sum(&self, x: Tensor<4>) -> Tensor<4> {
        if let Some(stair) = &self.sum {
            note_quantiser();
            return stair.forward(x);
        }
        note(&x);
        match &self.rectifier {
            Some(relu) => relu.forward(x),
            None => x,
        }
    }

    /// What a block reads from the stream.
    pub(crate) fn read(&self, stream: Tensor<4>) -> Tensor<4> {
        match &self.read {
            Some(stair) => {
                note_quantiser();
                stair.forward(stream)
            }
            None => {
                note(&stream);
                stream
            }
        }
    }
}
